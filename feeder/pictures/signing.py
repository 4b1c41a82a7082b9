"""Signed addresses of other sites' pictures, below the site: `remote/SIGNATURE/ADDRESS`. Pure.

The server fetches only what the site itself refers to: without the key nobody can make it request an address of their
choice.
"""

import base64
import binascii
import hashlib
import hmac
import re

REMOTE = "remote"  # below the site's folder of pictures
_SIGNATURE_BYTES = 16
SIGNED = re.compile(rf"{REMOTE}/[\w-]{{22}}/[\w-]+", re.ASCII)


def sign(address: str, key: bytes) -> str:
    """Return the path of a picture below the site's folder of pictures."""
    return f"{REMOTE}/{_signature(address, key)}/{_encode(address.encode())}"


def read_signed(signature: str, encoded: str, key: bytes) -> str | None:
    """Return the address that a path stands for; None if it was not signed with this key."""
    try:
        address = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        is_ours = hmac.compare_digest(f"{REMOTE}/{signature}/{encoded}".encode(), sign(address, key).encode())
    except (binascii.Error, ValueError):
        return None
    return address if is_ours else None


def _signature(address: str, key: bytes) -> str:
    return _encode(hmac.digest(key, address.encode(), hashlib.sha256)[:_SIGNATURE_BYTES])


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
