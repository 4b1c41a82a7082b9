"""Pages that worker processes render are those that this process would."""

from dataclasses import replace
from pathlib import Path

import pytest

from feeder.incoming.origin import Origin
from feeder.publish import rendering
from feeder.publish.rendering import PagePlan, Rendered
from feeder.publish.site import publish
from feeder.publish.steps import entries as entries_module
from feeder.publish.steps import everything
from feeder.reading.workers import WorkerFailure
from feeder.store import Store
from tests import saving
from tests.publish.test_site import dated_entry, files, make_config


def test_many_pages_are_rendered_by_workers_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = (
        make_config(tmp_path / "here", entries_per_feed=1),
        make_config(tmp_path / "there", entries_per_feed=1),
    )
    entries = [dated_entry(number) for number in range(7)]
    entries[3] = replace(entries[3], link="http://[x")
    with Store.open(here.store.url) as store:
        saving.save(store, [(Origin("test", f"{number}.md"), entry) for number, entry in enumerate(entries)])
        first = publish(here, store)
        monkeypatch.setattr(entries_module, "_MANY", 5)
        monkeypatch.setattr(everything, "_MANY", 1)
        monkeypatch.setattr(rendering, "BATCH", 2)
        second = publish(there, store)
    assert (first.written, first.failed) == (second.written, second.failed)
    assert [reason for _, reason in second.failed]
    written = {path: data for path, (data, _) in files(here).items()}
    assert written == {path: data for path, (data, _) in files(there).items()}
    assert sum(path.startswith("entries/") for path in written) == 6
    assert sum(path.startswith("archives/") for path in written) == 1


def test_a_page_that_ends_its_worker_is_named_and_the_others_go_on() -> None:
    plans = tuple(PagePlan(str(number), "", None, None, (), ()) for number in range(3))
    job = rendering._Job(make_config(Path("x")).site, "sqlite:///x", None, plans)
    first, again = rendering._fail(job, WorkerFailure("took too long", 0, timed_out=True))
    assert first == []  # which of the three was it?
    assert again is not None
    failed, rest = rendering._fail(again, WorkerFailure("took too long", 1, timed_out=True))
    assert failed == [Rendered(plans[1], (), [("1", "took too long")])]
    assert rest is not None
    assert rest.plans == plans[2:]
    assert rendering._fail(rest, WorkerFailure("crashed", 0, timed_out=False))[1] is None
