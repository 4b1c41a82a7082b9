"""The body of a request, which may be too large or never end."""

import asyncio
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request


class BodyError(Exception):
    """The body cannot be taken; `status` is the answer."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


async def read_body(request: Request, *, max_bytes: int, timeout_s: float) -> bytes:
    """Return the body.

    Raises:
        BodyError: it is larger, takes longer, or its sender has gone.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > max_bytes:
                    raise BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except TimeoutError:
        raise BodyError(HTTPStatus.REQUEST_TIMEOUT) from None
    except ClientDisconnect:
        raise BodyError(HTTPStatus.BAD_REQUEST) from None
    return bytes(body)
