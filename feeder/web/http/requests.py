"""The request log: a line for each request, without anything about the person who sends it.

    GET /search 200 5312 bytes 1.4 ms

No address, browser or query; a secret in a path is left out too. "full" adds address and query, for who may keep them.
"""

import logging
import re
from typing import Literal
from urllib.parse import quote

from starlette.types import Scope

RequestLog = Literal["none", "plain", "full"]

log = logging.getLogger(__name__)
_SECRET = re.compile(r"(/(?:private|websub)/)[^/]*")
_LONGEST = 200


def log_request(scope: Scope, status: int, size: int, seconds: float, *, full: bool) -> None:
    """Log a request and the status and size of its answer."""
    path = quote(_SECRET.sub(r"\1***", scope["path"]), safe="/*")
    query = scope["query_string"].decode("ascii", "replace")
    target = f"{path}?{query}" if full and query else path
    client = f" {scope['client'][0]}" if full and scope.get("client") else ""
    ms = round(seconds * 1000, 1)
    text = "%s %s %d %d bytes %.1f ms%s"
    fields = {"method": scope["method"], "path": target[:_LONGEST], "status": status, "bytes": size, "ms": ms}
    log.info(text, *fields.values(), client, extra={"fields": fields | ({"client": client.strip()} if client else {})})
