"""Kept bodies: opens what the `warc` of a record points to.

Only the members that are asked for are read, whatever the size of the file. Whatever is wrong with
one is a `StorageError` of one line, so that a caller can name it and go on with the next record.

Format: WARC 1.1 (https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/).
"""

import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from crawler.errors import StorageError

ORIGINAL = "x-crawl-"
"""Before the names of headers that no longer hold for the stored body (Common Crawl's way)."""
REPLACED = ("content-encoding", "content-length", "transfer-encoding")
MAX_MEMBER_BYTES = 2_000_000_000
"""Of one record, unpacked: more than any body may have; a bomb is no body."""

_GZIP = 31
_END_OF_HEADERS = b"\r\n\r\n"


class StoredResponse(NamedTuple):
    """One response as it was stored; the names are those of `model.result.Fetched`."""

    url: str
    status: int
    headers: Mapping[str, str]
    """Lower-case names, repeated ones joined by `, `; as received, so `content-encoding` may be
    there although the body is decoded."""
    body: bytes
    """Decoded."""
    truncated: bool


class _Record(NamedTuple):
    headers: dict[str, str]
    block: bytes


def open_body(directory: Path, warc: Mapping[str, object]) -> StoredResponse:
    """Open the response that a record's `warc` points to.

    A revisit brings its own status and headers; its body is that of the response it repeats.

    Args:
        directory: of the part files.
        warc: `file`, `offset`, `length`; with `revisit` of the same form where the visit brought a
            body that was stored before.

    Raises:
        StorageError: the file is missing or cut, or what is there is not that response.
    """
    path, offset, length = _place(directory, warc)
    record = _read(path, offset, length)
    if record.headers.get("warc-type") != "response":
        raise _damaged(path, offset, f"a {record.headers.get('warc-type')} record, no response")
    head, body = _split(record, path, offset)
    digest = record.headers.get("warc-payload-digest")
    if digest != f"sha256:{sha256(body).hexdigest()}":
        raise _damaged(path, offset, "the body is not the one that was stored")
    revisit = warc.get("revisit")
    if isinstance(revisit, Mapping):
        path, offset, length = _place(directory, revisit)
        record = _read(path, offset, length)
        if record.headers.get("warc-type") != "revisit":
            raise _damaged(path, offset, "no revisit record")
        head, _ = _split(record, path, offset)
    status, headers = _http(head, path, offset)
    return StoredResponse(
        url=record.headers.get("warc-target-uri", ""),
        status=status,
        headers=headers,
        body=body,
        truncated="warc-truncated" in record.headers,
    )


def _place(directory: Path, pointer: Mapping[str, object]) -> tuple[Path, int, int]:
    match pointer:
        case {"file": str(name), "offset": int(offset), "length": int(length)} if (
            name == Path(name).name and offset >= 0 and length > 0
        ):
            return directory / name, offset, length
    raise StorageError(f"a record's `warc` is no place in a file: {str(dict(pointer))[:200]}")


def _read(path: Path, offset: int, length: int) -> _Record:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            packed = file.read(length)
    except FileNotFoundError:
        raise StorageError(f"part missing: {path} holds bodies; put it back") from None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    if len(packed) < length:
        raise _damaged(path, offset, f"the file ends {length - len(packed)} bytes too early")
    unpacker = zlib.decompressobj(wbits=_GZIP)
    try:
        data = unpacker.decompress(packed, MAX_MEMBER_BYTES)
    except zlib.error as error:
        raise _damaged(path, offset, str(error)) from error
    if not unpacker.eof or unpacker.unused_data:
        raise _damaged(path, offset, "no whole gzip member of that length")
    return _parse(data, path, offset)


def _parse(data: bytes, path: Path, offset: int) -> _Record:
    head, end, rest = data.partition(_END_OF_HEADERS)
    lines = head.decode("utf-8", "replace").split("\r\n")
    if not end or not lines[0].startswith("WARC/1."):
        raise _damaged(path, offset, "no WARC record")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "")
    if not length.isdecimal() or rest[int(length) :] != _END_OF_HEADERS:
        raise _damaged(path, offset, "its length is not the one it names")
    return _Record(headers, rest[: int(length)])


def _split(record: _Record, path: Path, offset: int) -> tuple[bytes, bytes]:
    head, end, body = record.block.partition(_END_OF_HEADERS)
    if not end:
        raise _damaged(path, offset, "no HTTP response")
    return head, body


def _http(head: bytes, path: Path, offset: int) -> tuple[int, dict[str, str]]:
    lines = head.split(b"\r\n")
    words = lines[0].split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise _damaged(path, offset, "no HTTP response")
    received: dict[str, str] = {}
    for line in lines[1:]:
        raw_name, _, raw_value = line.partition(b":")
        name, text = _text(raw_name).strip().lower(), _text(raw_value).strip()
        received[name] = f"{received[name]}, {text}" if name in received else text
    originals = {name: received.pop(ORIGINAL + name, None) for name in REPLACED}
    if any(originals.values()):
        # What stands under the plain names was written for the stored body.
        for name, value in originals.items():
            received.pop(name, None)
            if value is not None:
                received[name] = value
    return int(words[1]), received


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _damaged(path: Path, offset: int, what: str) -> StorageError:
    return StorageError(f"no stored response in {path} at byte {offset}: {what}")
