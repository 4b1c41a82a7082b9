"""Measures uploading the published folder to object storage: all of it, 20 changed files, nothing, and comparisons.

    .venv/bin/python -m benchmarks.objects [COUNT]

By default 10,000 files of 8 KB, to moto's server on loopback, which is slower than most networks: "bare" is what the
same requests take without anything of feeder, as many at once. Each step runs in a process of its own; `own` is its
processor time without loading. The server stands in another process.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import urllib.request
from hashlib import sha256
from pathlib import Path

_BYTES = 8_000
_CHANGED = 20
_SERVER = """
import sys
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
class Silent(WSGIRequestHandler):
    def log(self, *_): pass
counts = {}
app = DomainDispatcherApplication(create_backend_app)
def counted(environ, start):
    if environ["PATH_INFO"] == "/-counts":
        found = str(sum(counts.values())).encode()
        counts.clear()
        start("200 OK", [])
        return [found]
    counts[environ["REQUEST_METHOD"]] = counts.get(environ["REQUEST_METHOD"], 0) + 1
    return app(environ, start)
server = make_server("127.0.0.1", 0, counted, threaded=True, request_handler=Silent)
print(server.server_port, flush=True)
server.serve_forever()
"""
_STEP = """
import asyncio, json, sys, time
from pathlib import Path
from feeder.config.load import Config
from feeder.config.settings import ObjectsConfig, SiteConfig, StoreConfig
from feeder.objects.bucket import Bucket
from feeder.publish.objects.upload import upload
from feeder.store import Store
folder, endpoint, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
config = Config(
    site=SiteConfig(output=folder / "public"),
    store=StoreConfig(url=f"sqlite:///{folder}/feeder.db"),
    objects=ObjectsConfig(
        url=f"s3://measured/{'bare' if step == 'bare' else 'site'}", endpoint=endpoint, key_id="a", secret="b",
        deadline="2h",
    ),
)
async def put_all():
    bucket = Bucket(config.objects, config.objects.url)
    files = iter(sorted((folder / "public").rglob("*.html")))
    async def work():
        for file in files:
            await bucket.put(file.name, file.read_bytes(), {"Content-Type": "text/html"})
    await asyncio.gather(*(work() for _ in range(16)))
with Store.open(config.store.url) as store:
    store.database.get_note("x")
    loaded, start = time.process_time(), time.perf_counter()
    if step == "bare":
        asyncio.run(put_all())
    else:
        upload(config, store, verify=step == "verify")
    print(json.dumps({
        "wall": time.perf_counter() - start,
        "own": time.process_time() - loaded,
        "memory": int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024,
    }))
"""


def make_files(public: Path, count: int, *, edition: str = "first") -> None:
    """Write pages, all with other contents."""
    (public / "entries").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        name = sha256(str(number).encode()).hexdigest()[:16]
        line = sha256(f"{number} {edition}".encode()).hexdigest()
        new = public / ".new"
        new.write_text(line * (_BYTES // len(line)))
        new.replace(public / f"entries/{name}.html")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    count = parser.parse_args().count
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            endpoint = f"http://127.0.0.1:{server.stdout.readline().strip()}"
            urllib.request.urlopen(urllib.request.Request(f"{endpoint}/measured", method="PUT")).close()
            run_steps(Path(name), endpoint, count)
        finally:
            server.terminate()


def run_steps(folder: Path, endpoint: str, count: int) -> None:
    """Run all steps and print their figures."""
    public = folder / "public"
    make_files(public, count)
    print(f"{count:,} files of {_BYTES / 1000:.0f} KB", flush=True)
    bare = run(folder, endpoint, "bare")
    first = run(folder, endpoint, "first")
    print(f"  first / bare: wall {first['wall'] / bare['wall']:.2f}, own {first['own'] / bare['own']:.2f}", flush=True)
    make_files(public, _CHANGED, edition="second")
    changed = run(folder, endpoint, f"{_CHANGED} changed")
    print(f"  {_CHANGED} changed / first: wall {changed['wall'] / first['wall']:.4f}", flush=True)
    run(folder, endpoint, "nothing")
    run(folder, endpoint, "verify")
    for record in folder.glob("uploaded-*"):
        record.unlink()
    run(folder, endpoint, "record lost")


def run(folder: Path, endpoint: str, step: str) -> dict[str, float]:
    """Run a step in a process of its own; print and return its figures."""
    urllib.request.urlopen(f"{endpoint}/-counts").close()
    command = [sys.executable, "-c", _STEP, str(folder), endpoint, step]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    with urllib.request.urlopen(f"{endpoint}/-counts") as answer:
        requests = int(answer.read())
    figures = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
    print(f"  {step:12} {figures}, requests {requests:,}", flush=True)
    return found


if __name__ == "__main__":
    main()
