from pathlib import Path

import pytest

from feeder.config import settings
from feeder.config.load import load_config
from feeder.config.settings import SiteConfig
from feeder.errors import ConfigError, PublishError
from feeder.publish.html import find
from feeder.publish.output import bundle
from feeder.publish.site import PublishReport, publish
from feeder.publish.steps import search as search_module
from feeder.query.tokens import fold
from feeder.store import Store
from tests.entries import make_entry
from tests.publish.test_site import dated_entry, files, make_config, save

needs_pagefind = pytest.mark.skipif("not __import__('importlib.util').util.find_spec('pagefind_bin')")


def in_index(report: PublishReport) -> dict[str, set[str]]:
    """Return by part which kinds of files of the index were written."""
    found: dict[str, set[str]] = {}
    for path in report.changed:
        if path.startswith("pagefind/"):
            found.setdefault(path.split("/")[1], set()).add(path.split("/")[2])
    return found


@needs_pagefind
def test_only_parts_whose_entries_changed_are_made_again(
    tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_module, "PER_PART", 3)
    config = make_config(tmp_path / "public", search="browser", language="en")
    save(sqlite_store, *(dated_entry(number) for number in range(4)))
    assert in_index(publish(config, sqlite_store)).keys() == {"0", "1"}
    assert in_index(publish(config, sqlite_store)) == {}
    save(sqlite_store, dated_entry(5, title="", summary="", content="", authors=()))
    report = publish(config, sqlite_store)
    [(part, kinds)] = in_index(report).items()
    assert part == "1"
    assert "pagefind-entry.json" in kinds
    assert sum("/fragment/" in path for path in report.changed) == 1  # the others of the part are as they were
    assert any(path.startswith(f"pagefind/{part}/pagefind.") for path in report.gone)
    kept = {path.split("/", 2)[2] for path in files(config) if path.startswith(f"pagefind/{part}/")}
    assert not any("ui" in path for path in kept)
    assert 'data-folders="pagefind/' in (config.site.output / "search.html").read_text()


@needs_pagefind
def test_an_index_that_is_gone_is_made_again_and_one_that_is_not_wanted_removed(
    tmp_path: Path, sqlite_store: Store
) -> None:
    config = make_config(tmp_path / "public", search="browser")
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store)
    (config.site.output / "pagefind/mine.txt").write_text("mine")
    (config.site.output / "pagefind/0/pagefind-entry.json").unlink()
    assert set(in_index(publish(config, sqlite_store, verify=True))) == {"0"}
    report = publish(make_config(tmp_path / "public"), sqlite_store)
    assert "search.html" in report.gone
    assert [path for path in files(config) if "pagefind" in path] == ["pagefind/mine.txt"]


@needs_pagefind
def test_what_pagefind_says_when_it_fails_is_reported_and_the_site_is_published(
    tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho out of luck >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr("pagefind_bin.get_executable", lambda: program)
    config = make_config(tmp_path / "public", search="browser")
    save(sqlite_store, dated_entry(1))
    report = publish(config, sqlite_store)
    assert report.failed == (("site.search", "Pagefind failed: out of luck"),)
    assert {"index.html", "search.html"} <= set(report.changed)
    program.write_text("#!/bin/sh\nexec sleep 30\n")
    monkeypatch.setattr(bundle, "_LONGEST_S", 0.1)
    report = publish(config, sqlite_store)
    assert report.failed == (("site.search", "Pagefind did not end within 0.1 seconds"),)


@needs_pagefind
def test_a_part_without_entries_is_removed(tmp_path: Path) -> None:
    parts = bundle.Bundle(tmp_path, "pagefind", "")
    parts.build("0", "a", [("entries/a.html", "<html><body>a</body></html>")], "en")
    parts.build("1", "b", [("entries/b.html", "<html><body>b</body></html>")], "en")
    (tmp_path / "pagefind/.feeder-0.tmp").mkdir()
    parts.keep_only(["1"])
    assert [path.name for path in (tmp_path / "pagefind").iterdir()] == ["1"]
    assert parts.is_unchanged("1", "b")
    assert not parts.is_unchanged("1", "c")
    assert parts.is_whole()
    parts.keep_only([])
    assert not (tmp_path / "pagefind").exists()


@needs_pagefind
def test_an_entry_without_any_text_is_no_failure(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path / "public", search="browser")
    save(sqlite_store, dated_entry(1, title="", summary="", content="", authors=()))
    assert publish(config, sqlite_store).failed == ()


@needs_pagefind
def test_a_site_without_entries_has_a_page_that_finds_nothing(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path / "public", search="browser")
    assert publish(config, sqlite_store).failed == ()
    assert 'data-folders=""' in (config.site.output / "search.html").read_text()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "pagefind").write_text("")
    with pytest.raises(PublishError, match="cannot be written"):
        bundle.Bundle(tmp_path, "pagefind", "").build("0", "a", [], "en")


def test_each_chinese_or_japanese_character_is_a_word_to_pagefind() -> None:
    entry = make_entry(title='春 <雨> "a" ab', content="<p>街上，rain</p>", categories=(), authors=(), language=None)
    document = find.render_document(SiteConfig(language="en"), entry)
    assert 'title="春 &lt;雨&gt; &quot;a&quot; ab"' in document
    assert '<h1>春 &lt; 雨 &gt; "a" ab </h1>' in document
    assert "街 上 ，rain" in document
    assert "written" not in document


def test_script_and_width_are_folded_and_what_was_written_is_kept_for_excerpts() -> None:
    entry = make_entry(title="國際 ＡＢＣ", content="<p>颱風　Ñandú</p>", categories=(), authors=(), language=None)
    document = find.render_document(SiteConfig(language="en"), entry)
    assert "<h1>国 际 abc </h1> · <p>台 风 Ñandú </p>" in document
    assert '"written[title]" title="國 際 ＡＢＣ · 颱 風 Ñandú"' in document


def test_browsers_fold_queries_as_the_server_does() -> None:
    pairs = find.render_folding().split('"')[1]
    table = dict(zip(pairs[::2], pairs[1::2], strict=True))
    assert {character: table[character] for character in "國際風"} == {"國": "国", "際": "际", "風": "风"}
    assert "雨" not in table
    assert all(fold(character) == folded for character, folded in table.items())


@needs_pagefind
def test_the_script_of_an_index_has_compressed_copies_if_texts_have(tmp_path: Path, sqlite_store: Store) -> None:
    save(sqlite_store, dated_entry(1))
    for precompress in (True, False):
        config = make_config(tmp_path / "public", search="browser", precompress=precompress)
        report = publish(config, sqlite_store)
        assert report.failed == ()
        assert (config.site.output / "pagefind/0/pagefind.js").exists()
        assert (config.site.output / "pagefind/0/pagefind.js.gz").exists() is precompress
        assert publish(config, sqlite_store).changed == ()


def test_without_pagefind_the_setting_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "find_spec", lambda _: None)
    (tmp_path / "config.toml").write_text('[site]\nsearch = "browser"\n')
    message = r"site\.search: 'browser': needs Pagefind; run `pip install pagefind-bin`"
    with pytest.raises(ConfigError, match=message):
        load_config(tmp_path / "config.toml")
