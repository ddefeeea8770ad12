"""What a route answers; the server sends it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response; every one also gets the headers of `crawler.admin.access`."""

    body: bytes
    content_type: str = TEXT
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    gzipped: bytes | None = None
    """The body compressed, for those who take it so."""


def json_answer(value: Any, *, status: int = 200) -> Answer:
    return Answer(body=orjson.dumps(value) + b"\n", content_type=JSON, status=status)


def text_answer(line: str, *, status: int = 200) -> Answer:
    """Return one line of text."""
    return Answer(body=line.encode("utf-8", "backslashreplace") + b"\n", status=status)
