"""Response headers as plain text by lower-case name, and what makes them unusable."""

from collections.abc import Mapping

from multidict import CIMultiDictProxy

from crawler.fetch.client import MAX_HEADER_BYTES

_TRANSFER_CODINGS = frozenset({"chunked", "identity", ""})


def read_headers(raw: CIMultiDictProxy[str]) -> tuple[dict[str, str], int]:
    """Return headers by lower-case name, repeated ones joined, and how many bytes they have."""
    named: dict[str, str] = {}
    size = 0
    for key, value in raw.items():
        size += len(key) + len(value)
        name = key.lower()
        text = value if value.isascii() else _text(value)
        named[name] = f"{named[name]}, {text}" if name in named else text
    return named, size


def fault_of(headers: Mapping[str, str], size: int) -> str | None:
    """Return why a response cannot be read, though aiohttp would try."""
    if size > MAX_HEADER_BYTES:
        return f"{size} bytes of headers"
    coding = headers.get("transfer-encoding")
    if coding is not None and coding.strip().lower() not in _TRANSFER_CODINGS:
        return f"unknown transfer coding {coding[:40]!r}"
    return None


def _text(value: str) -> str:
    """Read bytes that are no UTF-8 as Latin-1: aiohttp leaves lone surrogates in their place."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value
