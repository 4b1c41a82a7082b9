"""Where an entry was seen, and the digests that it is compared by. Pure."""

import hashlib
from typing import NamedTuple

from feeder.normalise.urls import fold_link


class Origin(NamedTuple):
    """Where an entry was seen: the source's configured name, and the path of the file or the URL of the feed."""

    source: str
    address: str

    @property
    def scope(self) -> str:
        """The source within which entries are compared; "" for folders, which are compared as one."""
        return self.source if self.address.startswith(("http://", "https://")) else ""


def link_key(link: str) -> str:
    """Return the digest of a folded link, the same for all spellings, as 32 hexadecimal digits."""
    return digest_of(fold_link(link))


def digest_of(text: str) -> str:
    """Return the first 32 hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
