"""How jobs follow each other in one process, and what is logged of them."""

import logging
from typing import cast

import pytest

from feeder.config.load import Config
from feeder.errors import PublishError, StoreError
from feeder.ingest.mirroring import PicturesReport
from feeder.publish.objects.upload import UploadReport
from feeder.publish.site import PublishReport
from feeder.store import Store
from feeder.tasks import BOTH, TASKS, Done, Job, Task, UpdateReport, Work, log_report
from feeder.update import _do_all


def test_what_is_left_is_done_though_one_fails_and_the_first_error_is_raised(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    did = []

    def fail(_work: Work, job: Job) -> Done:
        did.append(job.task)
        raise PublishError(f"{job.task}: broken") if job.task == "announce" else StoreError("later")

    def do(_work: Work, job: Job) -> Done:
        did.append(job.task)
        return Done()

    for name, run in (("announce", fail), ("snapshot", fail), ("hubs", do)):
        monkeypatch.setitem(cast("dict[str, Task]", TASKS), name, Task(run, "publish"))
    jobs = [Job("hubs"), Job("snapshot"), Job("announce")]
    with pytest.raises(PublishError, match="announce: broken"):
        _do_all(Work(config=Config(), store=store), jobs, UpdateReport(), BOTH)
    assert did == ["announce", "snapshot", "hubs"]


def test_all_that_was_done_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "feeder")
    site = PublishReport(1, 0, 0, (("entries/1.html", "no title"),))
    log_report(UpdateReport(site=site, objects=UploadReport(3, 0, 0), pictures=PicturesReport(), notices=("renamed",)))
    for line in (
        "renamed",
        "site: 1 written",
        "entries/1.html: no title",
        "pictures: nothing new",
        "objects: 3 uploaded",
    ):
        assert line in caplog.text
