"""Values as JSON for the database, and back: drafts and articles that wait in the store."""

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter

_Value = TypeVar("_Value")
_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def pack(value: object) -> str:
    """Return a dataclass value as JSON, without lone surrogates: UTF-8 has none, and normalising drops them."""
    text = json.dumps(_adapter(type(value)).dump_python(value, mode="json"), ensure_ascii=False)
    return text.encode("utf-8", "ignore").decode()


def unpack(kind: type[_Value], text: str) -> _Value:
    """Return the value of this type that was packed."""
    value: _Value = _adapter(kind).validate_python(json.loads(text))
    return value


def _adapter(kind: type) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)  # takes some milliseconds to build
    return _ADAPTERS[kind]
