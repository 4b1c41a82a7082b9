"""Small pictures for tests: only their first bytes are real."""

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff\xe0"


def png(words: str) -> bytes:
    """Return a picture that differs from that of other words."""
    return PNG + words.encode()
