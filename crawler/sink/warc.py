"""Writes HTTP exchanges as WARC 1.1 records, each a gzip member of its own.

Format: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/

The stored body is the decoded one: it is what the record's `content_hash` is of, and a reader needs
no decoder. Headers that no longer hold for it are kept under the names that Common Crawl uses for
the same purpose (`X-Crawl-Content-Encoding` …).
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from crawler.model.capture import Capture
from crawler.sink.bodies import REPLACED

PROFILE = "http://netpreserve.org/warc/1.1/revisit/"
_CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
_GZIP = 31
_ZLIB_LEVEL = 1
_ISAL_LEVEL = 2
"""Smaller than zlib's first level in a fifth of its time (ADR 0028)."""
_MEM_LEVEL = 8
_REPLACED = frozenset(name.encode() for name in REPLACED)

Pack = Callable[[bytes], bytes]
Fields = Iterable[tuple[str, object]]


def find_pack() -> Pack:
    """Return what makes a gzip member: ISA-L's deflate where it is installed, else zlib's."""
    module: Any
    try:
        from isal import isal_zlib  # noqa: PLC0415 - only crawls that keep bodies need it

        module, level = isal_zlib, _ISAL_LEVEL
    except ImportError:
        module, level = zlib, _ZLIB_LEVEL

    def pack(data: bytes) -> bytes:
        packer = module.compressobj(level, module.DEFLATED, _GZIP, _MEM_LEVEL)
        packed: bytes = packer.compress(data) + packer.flush()
        return packed

    return pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One exchange, and when and why it was made."""

    url: str
    at: str
    """RFC 3339, UTC; the same as `fetched_at` of the page's record."""
    capture: Capture
    digest: bytes
    """SHA-256 of the stored body."""
    notes: Mapping[str, object]
    """For the metadata record; None is left out."""


class WarcWriter:
    """Makes records; one instance per process."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack

    def info(self, file_name: str, at: str, notes: Mapping[str, object]) -> bytes:
        """Return the record that a file begins with: who made it, and how."""
        fields = {"format": "WARC File Format 1.1", "conformsTo": _CONFORMS_TO, **notes}
        named = [("WARC-Filename", file_name), ("Content-Type", "application/warc-fields")]
        return self._record("warcinfo", new_id(), at, named, _fields(fields.items()))

    def response(self, visit: Visit, record_id: str) -> bytes:
        """Return the record that holds the body."""
        head, body = _response_head(visit.capture), visit.capture.body
        return self._record("response", record_id, visit.at, _http_fields(visit), head + body)

    def revisit(
        self, visit: Visit, record_id: str, *, profile: str, url: str, at: str, digest: bytes
    ) -> bytes:
        """Return a record that stands for a body stored before, with the headers of this time.

        Args:
            visit: what came now.
            record_id: of the new record.
            profile: `identical-payload-digest` or `server-not-modified`.
            url: of the page whose response record holds the body.
            at: of that response.
            digest: SHA-256 of that body.
        """
        fields = [
            *_http_fields(visit, digest),
            ("WARC-Profile", PROFILE + profile),
            ("WARC-Refers-To-Target-URI", url),
            ("WARC-Refers-To-Date", at),
        ]
        return self._record("revisit", record_id, visit.at, fields, _response_head(visit.capture))

    def context(self, visit: Visit, record_id: str) -> bytes:
        """Return the request and the metadata record of a response or revisit."""
        capture = visit.capture
        common = [("WARC-Target-URI", visit.url), ("WARC-Concurrent-To", record_id)]
        lines = [capture.request_line, *(f"{n}: {v}" for n, v in capture.request_headers)]
        request = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
        sent = [*common, ("Content-Type", "application/http; msgtype=request")]
        noted = [*common, ("Content-Type", "application/warc-fields")]
        return self._record("request", new_id(), visit.at, sent, request) + self._record(
            "metadata", new_id(), visit.at, noted, _fields(visit.notes.items())
        )

    def _record(self, kind: str, record_id: str, at: str, fields: Fields, block: bytes) -> bytes:
        head = _fields(
            [
                ("WARC-Type", kind),
                ("WARC-Record-ID", record_id),
                ("WARC-Date", at),
                *fields,
                ("Content-Length", len(block)),
            ]
        )
        return self._pack(b"".join((b"WARC/1.1\r\n", head, b"\r\n", block, b"\r\n\r\n")))


def new_id() -> str:
    """Return a record id that nobody else has."""
    return f"<urn:uuid:{uuid4()}>"


def _http_fields(visit: Visit, digest: bytes | None = None) -> list[tuple[str, object]]:
    fields: list[tuple[str, object]] = [
        ("WARC-Target-URI", visit.url),
        ("Content-Type", "application/http; msgtype=response"),
        ("WARC-Payload-Digest", f"sha256:{(digest or visit.digest).hex()}"),
    ]
    if visit.capture.peer is not None:
        fields.append(("WARC-IP-Address", visit.capture.peer))
    if visit.capture.cut is not None:
        fields.append(("WARC-Truncated", visit.capture.cut))
    return fields


def _response_head(capture: Capture) -> bytes:
    """Return status line and headers as they hold for the stored body."""
    length = b"%d" % len(capture.body)
    holds = all(
        name.lower() not in _REPLACED or (name.lower() == b"content-length" and value == length)
        for name, value in capture.response_headers
    )
    lines = [capture.status_line.encode("utf-8", "surrogateescape")]
    for name, value in capture.response_headers:
        kept = name if holds or name.lower() not in _REPLACED else b"X-Crawl-" + name
        lines.append(kept + b": " + value)
    if not holds:
        lines.append(b"Content-Length: " + length)
    return b"\r\n".join([*lines, b"", b""])


def _fields(fields: Fields) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields if value is not None).encode(
        "utf-8", "backslashreplace"
    )
