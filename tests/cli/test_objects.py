"""`feeder publish`, `update` and `check` with object storage."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_cli import Feeder, feeder  # noqa: F401  a fixture
from tests.object_storage import KEY, SECRET, Request, Storage, refusal


@pytest.fixture
def bucket(storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FEEDER_OBJECTS__SECRET", SECRET)
    name = storage.new_bucket()
    articles = tmp_path / "articles"
    articles.mkdir()
    for number in range(8):
        (articles / f"{number}.md").write_text(f"# Article {number}\n\nIts text.\n")
    (tmp_path / "config.toml").write_text(
        f"[objects]\nurl = 's3://{name}'\nendpoint = '{storage.endpoint}'\nkey_id = '{KEY}'\n"
        "[[sources]]\nname = 'mine'\nfolder = 'articles'\n"
    )
    return name


def published(tmp_path: Path) -> dict[str, bytes]:
    root = tmp_path / "public"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_killed_upload_is_finished_by_the_next(bucket: str, storage: Storage, feeder: Feeder, tmp_path: Path) -> None:
    feeder("ingest")
    line = [sys.executable, "-m", "feeder", "publish"]
    started: list[int] = []

    def kill_soon(request: Request) -> None:
        if request.method == "PUT" and len([one for one in storage.requests if one.method == "PUT"]) > 12:
            os.kill(started[0], signal.SIGKILL)

    storage.answer = kill_soon
    with subprocess.Popen(line, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        started.append(process.pid)
        assert process.wait() == -signal.SIGKILL
    storage.answer = lambda _: None
    assert storage.paths(bucket)
    (tmp_path / "articles/0.md").unlink()
    ended = feeder("publish")
    assert ended.code == 0
    assert "was killed before it finished" in ended.err
    assert "\nobjects: " in ended.out
    found = storage.contents(bucket)
    del found[".feeder-site"]
    assert found == published(tmp_path)


def test_what_the_bucket_refuses_is_one_line_and_the_next_pass_makes_it_good(
    bucket: str, storage: Storage, feeder: Feeder, tmp_path: Path
) -> None:
    storage.answer = lambda _: refusal("SignatureDoesNotMatch", 403)
    ended = feeder("update")
    told = f"feeder: s3://{bucket}: the key is refused; fix objects.key_id and objects.secret\n"
    assert (ended.code, ended.out, ended.err) == (4, "", told)
    told_by_check = [json.loads(line) for line in feeder("check", "--json").out.splitlines()]
    problems = {one["about"]: one["text"] for one in told_by_check if not one["ok"]}
    assert problems.keys() == {"objects.url", "last pass"}
    assert "the key is refused" in problems["objects.url"]
    storage.answer = lambda _: None
    ended = feeder("update")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert storage.contents(bucket).keys() == published(tmp_path).keys() | {".feeder-site"}
    checked = feeder("check")
    assert checked.code == 0
    assert f"s3://{bucket} can be read and written" in checked.out


def test_another_folder_is_not_uploaded(bucket: str, storage: Storage, feeder: Feeder) -> None:
    assert feeder("publish", "--to", "elsewhere").code == 0
    assert storage.contents(bucket) == {}
