"""The files for containers and code hosts, checked by the linters of others."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
PROGRAMS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "Dockerfile"],
        ["check-jsonschema", "--builtin-schema=vendor.compose-spec", "compose.yaml"],
        ["check-jsonschema", "--builtin-schema=vendor.github-workflows", "ops/pages.yml"],
    ],
    ids=lambda command: command[-1],
)
def test_linters_find_nothing(command: list[str]) -> None:
    ended = subprocess.run([PROGRAMS / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return found


def test_every_service_runs_without_rights_and_from_a_read_only_root(compose: dict[str, Any]) -> None:
    assert {*compose["services"]} == {"db", "worker", "web"}
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_no_secret_is_in_the_file_and_each_is_named(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert {*service["secrets"]} <= {*compose["secrets"]}, name
        assert [key for key in service["environment"] if "PASSWORD" in key and not key.endswith("_FILE")] == [], name
    assert all(secret["file"].startswith("secrets/") for secret in compose["secrets"].values())


def test_what_the_pages_have_people_make_is_not_committed() -> None:
    assert {"/backup/", "/secrets/", "/config.toml"} <= {*(ROOT / ".gitignore").read_text("utf-8").splitlines()}


def test_jobs_have_time_to_end(compose: dict[str, Any]) -> None:
    assert {compose["services"][name]["stop_grace_period"] for name in ("worker", "web")} == {"30s"}


def test_the_lines_for_a_bot_and_for_articles_only_need_their_comment_sign_removed(tmp_path: Path) -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")
    (tmp_path / "compose.yaml").write_text(
        re.sub(r"^( +)# (?=FEEDER|-|telegram|  file)", r"\1", text, flags=re.MULTILINE)
    )
    command = ["check-jsonschema", "--builtin-schema=vendor.compose-spec", str(tmp_path / "compose.yaml")]
    assert subprocess.run([PROGRAMS / command[0], *command[1:]], capture_output=True, check=False).returncode == 0
    whole = yaml.safe_load((tmp_path / "compose.yaml").read_text("utf-8"))
    assert {*whole["secrets"]} == {*whole["services"]["worker"]["secrets"]} == {"postgresql-password", "telegram-token"}
    assert whole["services"]["web"]["environment"]["FEEDER_TELEGRAM__TOKEN_FILE"] == "/run/secrets/telegram-token"
    assert "./articles:/srv/feeder/articles:ro" in whole["services"]["worker"]["volumes"]


def test_the_options_of_containers_and_units_exist(compose: dict[str, Any]) -> None:
    lines = [" ".join(service.get("command", [])) for service in compose["services"].values()]
    lines += [file.read_text("utf-8") for file in (ROOT / "ops/systemd").glob("*.service")]
    used = {option for line in lines for option in re.findall(r"\brun .*?(--[a-z-]+)", line)}
    shown = subprocess.run(
        [sys.executable, "-m", "feeder", "run", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert used == {"--only"}
    assert used <= {*re.findall(r"--[a-z-]+", shown)}
