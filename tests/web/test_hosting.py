"""Web servers with the configurations of docs/hosting.md serve `public/` as feeder does, without feeder."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from feeder.publish.output.compressed import ENDINGS
from feeder.store import Store
from feeder.web import create_app
from tests.publish.test_static import crawl, publish_static, static_config
from tests.web.conftest import Stage

_DOCS = Path(__file__).parent.parent.parent / "docs/hosting.md"
_MIME_TYPES = Path("/etc/nginx/mime.types")
_NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  include {types}; default_type application/octet-stream; access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  {server}
}}
"""


def example(language: str) -> str:
    """Return the configuration of a web server that serves the files itself, from the documentation."""
    blocks: list[str] = re.findall(rf"```{language}\n(.+?)```", _DOCS.read_text("utf-8"), flags=re.DOTALL)
    [block] = [block for block in blocks if "/srv/feeder/public" in block]
    return block


def nginx(folder: Path, address: str, public: Path) -> list[str | Path]:
    """Return the command of an nginx without feeder, changed as the documentation says."""
    if not _MIME_TYPES.exists():
        pytest.skip("nginx is not installed")
    alone = re.sub(r"location @feeder \{.*?\}\n", "error_page 404 /404.html;\n", example("nginx"), flags=re.DOTALL)
    changes = {"@feeder": "=404", "listen 80": f"listen {address}", "/srv/feeder/public": str(public)}
    server = changed(alone, changes)
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, types=_MIME_TYPES, server=server), encoding="utf-8")
    return [shutil.which("nginx") or "/usr/sbin/nginx", "-c", folder / "nginx.conf"]


def caddy(folder: Path, address: str, public: Path) -> list[str | Path]:
    """Return the command of a Caddy without feeder, changed as the documentation says."""
    if shutil.which("caddy") is None:
        pytest.skip("Caddy is not installed")
    [errors] = re.findall(r"^handle_errors \{.*?^\}\n", _DOCS.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    changes = {
        "feeds.example.org": f"http://{address}",
        "/srv/feeder/public": str(public),
        "reverse_proxy 127.0.0.1:8000": "error 404",
    }
    server = changed(example("caddyfile"), changes).removesuffix("}\n") + errors + "}\n"
    (folder / "Caddyfile").write_text(f"{{\n    admin off\n}}\n{server}", encoding="utf-8")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]


def changed(text: str, changes: dict[str, str]) -> str:
    """Return a configuration with texts replaced, all of which must be in it."""
    for found, put in changes.items():
        assert found in text
        text = text.replace(found, put)
    return text


@contextmanager
def run_server(command: Callable[[Path, str, Path], list[str | Path]], folder: Path) -> Iterator[str]:
    """Run a web server of `public` in a folder; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    own = folder / "server"
    own.mkdir()
    environment = os.environ | {"XDG_DATA_HOME": str(own), "XDG_CONFIG_HOME": str(own)}
    arguments = command(own, f"127.0.0.1:{port}", folder / "public")
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env=environment) as process:
        try:
            while True:
                assert process.poll() is None, f"{arguments} ended with {process.returncode}"
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.02)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()


@pytest.fixture(params=[nginx, caddy], ids=lambda command: command.__name__)
def alone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a web server of `public`."""
    with run_server(request.param, tmp_path) as address:
        yield address


def test_public_alone_is_the_site(
    tmp_path: Path, sqlite_store: Store, alone: str, stage: tuple[str, Stage], connection: httpx.Client
) -> None:
    publish_static(tmp_path, sqlite_store, alone, "none")
    there, dead = crawl(alone)
    assert dead == set()
    assert {"", "atom.xml", "feed.xml", "feed.json", "archive/index.html", "manifest.webmanifest"} - there == set()
    stage[1].app = create_app(static_config(tmp_path, alone, "none"), sqlite_store)
    public = tmp_path / "public"
    files = [file.relative_to(public).as_posix() for file in public.rglob("*") if file.is_file()]
    paths = [path for path in files if not path.startswith(".") and not path.endswith(ENDINGS)]
    with httpx.Client(base_url=alone) as client:
        types = {path: [type_of(asked.head(path)) for asked in (connection, client)] for path in paths}
        with client.stream("GET", "index.html", headers={"Accept-Encoding": "gzip"}) as index:
            body = b"".join(index.iter_raw())
        missing = client.get("x/y")
    stage[1].app = None
    assert {path: found for path, found in types.items() if found[0] != found[1]} == {}
    assert index.headers["content-encoding"] == "gzip"
    assert body == (public / "index.html.gz").read_bytes()
    assert index.headers["cache-control"] == "public, max-age=60"
    assert missing.status_code == 404
    assert missing.text == (public / "404.html").read_text("utf-8")


def type_of(response: httpx.Response) -> str:
    """Return the media type of a document; `text/xml` means the same as `application/xml` (RFC 7303 §9.2)."""
    media_type: str = response.headers.get("content-type", "").partition(";")[0]
    return media_type.replace("text/xml", "application/xml")
