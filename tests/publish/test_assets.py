"""Styles and scripts are named by their content, and old ones stay for a while."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from feeder.publish.html import assets, pages
from feeder.publish.site import publish
from feeder.publish.steps import state
from feeder.store import Store
from tests.publish.test_site import dated_entry, make_config, page, save

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def forget() -> None:
    """Forget what a process computes once, of the files that it came with."""
    assets.asset_path.cache_clear()
    pages._common.cache_clear()


def test_a_style_sheet_is_named_by_its_content_and_pages_name_it(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path / "public")
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store, now=NOW)
    [style] = config.site.output.glob("style*")
    assert style.name == f"style.{sha256(style.read_bytes()).hexdigest()[:16]}.css"
    assert f'href="../{style.name}"' in (config.site.output / page(dated_entry(1))).read_text()
    assert f'href="{style.name}"' in (config.site.output / "index.html").read_text()


@pytest.mark.parametrize("precompress", [True, False])
def test_the_styles_of_an_earlier_version_stay_for_a_month(
    tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, *, precompress: bool
) -> None:
    config = make_config(tmp_path / "public", precompress=precompress)
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store, now=NOW)
    old = {path.name for path in config.site.output.glob("style*")}
    changed = {**assets.static_files(), "style.css": b"body{color:black}" * 100}
    monkeypatch.setattr(assets, "static_files", lambda: changed)
    forget()
    monkeypatch.setattr(state, "code_digest", lambda: "another")
    try:
        publish(config, sqlite_store, now=NOW + timedelta(days=90))
        new = {path.name for path in config.site.output.glob("style*")} - old
        assert len(new) == len(old)
        assert f'href="{assets.asset_path("style.css")}"' in (config.site.output / "index.html").read_text()
        for days, left in ((119, old | new), (121, new)):
            save(sqlite_store, dated_entry(days))
            publish(config, sqlite_store, now=NOW + timedelta(days=days))
            assert {path.name for path in config.site.output.glob("style*")} == left
    finally:
        forget()


def test_a_style_sheet_that_somebody_else_wrote_stays(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path / "public")
    publish(config, sqlite_store, now=NOW)
    (config.site.output / "style.css").write_text("theirs")
    publish(config, sqlite_store, now=NOW + timedelta(days=90), verify=True)
    assert (config.site.output / "style.css").read_text() == "theirs"
