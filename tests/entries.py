"""Synthetic entries for tests, with every field set."""

from datetime import UTC, datetime
from typing import Any

from feeder.model import Credit, Entry, Link, Media, Person, Source

_COMPLETE = Entry(
    id="https://example.org/a/1",
    link="https://example.org/a/1",
    title="春天的第一场雨 First rain",
    published=datetime(2023, 2, 20, 14, 37, 16, tzinfo=UTC),
    updated=datetime(2023, 2, 20, 14, 39, 3, tzinfo=UTC),
    published_from="body",
    first_seen_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    source=Source(title="example.org", id="https://example.org/", link="https://example.org/"),
    links=(Link(rel="via", href="https://example.net/original", title="Original"),),
    authors=(Person(name="王小明"),),
    credits=(Credit(role="translator", name="李四"),),
    categories=("天气", "weather"),
    language="zh-Hans",
    summary="清晨下了一场雨。",
    content='<p>清晨下了一场雨，街上的人都带着伞。</p><p>It rained <a href="https://example.org/b">all day</a>.</p>',
    media=(Media(url="https://example.org/rain.jpg", kind="image", type="image/jpeg", length=12345, title="雨"),),
    rights="CC BY 4.0",
    cut=("版权声明：转载请注明出处。",),
)


def make_entry(number: int | None = None, **changes: Any) -> Entry:
    """Return a complete entry with `changes`.

    A `number` is part of id and link, so that different numbers are different articles. An `id` also sets the link
    if it is an http(s) address.
    """
    values: dict[str, Any] = {name: getattr(_COMPLETE, name) for name in Entry.__dataclass_fields__}
    if number is not None:
        values["id"] = values["link"] = f"https://example.org/a/{number}"
    if str(changes.get("id", "")).startswith(("http://", "https://")):
        values["link"] = changes["id"]
    elif "id" in changes:
        values["link"] = None
    return Entry(**(values | changes))
