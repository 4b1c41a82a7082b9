"""The Dockerfile: its lines run one by one, and what they leave runs as in a container with a read-only root."""

import http.client
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.ops import needs_root
from tests.ops.container import Stage, built, exec_form, iter_instructions
from tests.test_documents import free_port

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = ROOT / "Dockerfile"
PATIENCE_S = 60


@pytest.fixture
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `.dockerignore` lets through."""
    folder = tmp_path_factory.mktemp("context")
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for name in (line[1:] for line in lines if line.startswith("!")):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def output(stage: Stage, *words: str) -> str:
    ended = subprocess.run(stage.command(words), capture_output=True, text=True, check=False)
    return f"{ended.returncode} {ended.stdout}{ended.stderr}"


def check_that_it_serves_and_reports_its_health(image: Stage) -> None:
    port = str(free_port())
    command = [*exec_form(image.said["ENTRYPOINT"]), *exec_form(image.said["CMD"])]
    is_healthy = image.command(exec_form(image.said["HEALTHCHECK"]), FEEDER_WEB__PORT=port)
    assert subprocess.run(is_healthy, capture_output=True, check=False).returncode == 1
    with subprocess.Popen(image.command(command, FEEDER_WEB__PORT=port), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "written" in line:
                break
        assert subprocess.run(is_healthy, check=False).returncode == 0
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE_S)
        connection.request("GET", "/atom.xml")
        assert connection.getresponse().read().count(b"<entry") == 5
        connection.close()
        process.send_signal(getattr(signal, image.said["STOPSIGNAL"]))
        _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, "Traceback" in err) == (0, False), err
    assert {path.name for path in (image.root / "srv/feeder").iterdir()} == {"data", "public"}
    assert (image.root / "srv/feeder/public").stat().st_uid == int(image.user)


def check_that_nothing_outside_the_volume_can_be_written(image: Stage) -> None:
    for folder in ("/", "/opt/feeder", "/var", "/etc"):
        assert "Read-only file system" in output(image, "touch", f"{folder}/x"), folder
    assert output(image, "touch", "/srv/feeder/x").strip() == "0"
    (image.root / "srv/feeder/x").unlink()


def check_that_all_modules_are_compiled_and_no_build_tools_are_left(image: Stage) -> None:
    packages = next((image.root / "opt/feeder/lib").glob("python*/site-packages"))
    assert list((packages / "feeder").rglob("__pycache__/*.pyc"))
    for name in ("hatchling", "editables", "pip", "setuptools", "pytest"):
        assert not (packages / name).exists(), name
    assert not (image.root / "build").exists()
    imported = "import feeder, bot, brotli, lxml, obstore, pagefind_bin, PIL, procrastinate, psycopg, tantivy"
    assert output(image, "python", "-c", imported).strip() == "0"


@needs_root
def test_its_lines_make_an_image_that_runs_without_rights_from_a_read_only_root(context: Path, tmp_path: Path) -> None:
    with built(DOCKERFILE, context, tmp_path / "stages") as image:  # once, since installing takes most of the time
        image.protect("/srv/feeder")
        check_that_nothing_outside_the_volume_can_be_written(image)
        check_that_it_serves_and_reports_its_health(image)
        check_that_all_modules_are_compiled_and_no_build_tools_are_left(image)


def test_what_is_copied_is_all_that_gets_into_the_context() -> None:
    copied = {
        name
        for one in iter_instructions(DOCKERFILE.read_text("utf-8"))
        if one.name == "COPY" and "--from" not in one.words
        for name in one.words.split()[:-1]
    }
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert [line for line in lines if line and line[0] not in "#!"] == ["*", "**/__pycache__"]
