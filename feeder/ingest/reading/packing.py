"""Values as text that any database holds, and back: what waits in the store to be read."""

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter

_Value = TypeVar("_Value")
_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def packed(value: object) -> str:
    """Return a value of ours as JSON, without halves of surrogate pairs: UTF-8 has none, and normalising drops them."""
    text = json.dumps(_adapter(type(value)).dump_python(value, mode="json"), ensure_ascii=False)
    return text.encode("utf-8", "ignore").decode()


def unpacked(kind: type[_Value], text: str) -> _Value:
    """Return the value of a kind that was packed."""
    value: _Value = _adapter(kind).validate_python(json.loads(text))
    return value


def _adapter(kind: type) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)  # takes some milliseconds to make
    return _ADAPTERS[kind]
