"""Private feeds, each at secret addresses: `/private/TOKEN/NAME.xml`.

Whatever is wrong (the token, the name, the ending, a feed that is not private) is the same 404 as any other, after the
same look at the store.
"""

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp

from feeder.config.load import Config
from feeder.config.saved import SavedSearch, read_saved
from feeder.errors import StoreError
from feeder.publish.formats import FORMATS, Format
from feeder.publish.tokens import PRIVATE_FOLDER, TOKEN, is_token_of, private_path
from feeder.store import Store
from feeder.web.feeds import make_live_feed
from feeder.web.http.answers import Answers, Made
from feeder.web.static import SECURITY_HEADERS

log = logging.getLogger(__name__)

PATH = f"/{PRIVATE_FOLDER}/{{token}}/{{file}}"
_RETRY = {"Retry-After": "60"}
# No cache between us and the reader may keep it, nor any search engine.
_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}


class PrivateFeeds:
    """The request handler for one site and store."""

    def __init__(self, config: Config, store: Store, answers: Answers) -> None:
        self._site, self._store, self._answers = config.site, store, answers
        self._files = {
            f"{saved.config.name}.{kind.ending}": (saved, kind)
            for saved in read_saved(config)
            if saved.config.private
            for kind in FORMATS
        }

    def respond(self, request: Request) -> ASGIApp:
        """Answer a GET or HEAD for a private feed."""
        token, file = request.path_params["token"], request.path_params["file"]
        found = self._files.get(file)
        name = found[0].config.name if found else ""
        try:
            if not TOKEN.fullmatch(token) or not is_token_of(self._store, token, name) or found is None:
                raise HTTPException(404)
            saved, kind = found
            return self._answers.answer(
                request, (PRIVATE_FOLDER, token, file), lambda: self._make(saved, kind, token), moves=saved.moves
            )
        except StoreError as error:
            log.warning("private feed: %s", error)
            raise HTTPException(503, headers=_RETRY) from None

    def _make(self, saved: SavedSearch, kind: Format, token: str) -> Made:
        name = saved.config.name
        return make_live_feed(
            kind,
            self._site,
            self._store,
            self._store.entries.latest(saved.config.limit, query=saved.query),
            path=private_path(token, name, kind.ending),
            title=saved.title,
            page="",
            id_path=f"{PRIVATE_FOLDER}/{name}",
            headers=_HEADERS,
        )
