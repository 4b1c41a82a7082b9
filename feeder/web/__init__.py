"""The web server: `app` routes requests, `static` serves the published folder, `server` opens the port."""

from feeder.web.app import create_app
from feeder.web.http.serving import run
from feeder.web.server import serve

__all__ = ["create_app", "run", "serve"]
