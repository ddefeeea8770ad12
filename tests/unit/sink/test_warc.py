"""WARC records as they are written: golden bytes, and readers that are not ours."""

import gzip
import zlib
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.model.capture import Capture
from crawler.sink import warc
from crawler.sink.bodies import open_body
from crawler.sink.warc import Visit, WarcWriter, find_pack

AT = "2026-03-01T10:00:00.123Z"
BODY = b"<p>body</p>"
DIGEST = sha256(BODY)
ID = "<urn:uuid:1>"


def visit(*headers: tuple[bytes, bytes], body: bytes = BODY, **changes: object) -> Visit:
    values: dict[str, object] = {
        "request_line": "GET /x HTTP/1.1",
        "request_headers": (("Host", "h"), ("Cookie", "***")),
        "status_line": "HTTP/1.1 200 OK",
        "response_headers": headers,
        "body": body,
        "cut": None,
        "peer": "192.0.2.1",
    }
    capture = Capture(**(values | changes))  # type: ignore[arg-type]
    notes = {"via": None, "depth": 2}
    return Visit(
        url="http://h/x", at=AT, capture=capture, digest=sha256(body).digest(), notes=notes
    )


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> WarcWriter:
    """Writes records as they are before they are packed, all with one id."""
    monkeypatch.setattr(warc, "new_id", lambda: "<urn:uuid:2>")
    return WarcWriter(lambda data: data)


def text(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def test_a_response_byte_by_byte(plain: WarcWriter) -> None:
    """Tools of thirty years read these names and line ends, and no others."""
    stored = plain.response(visit((b"Content-Type", b"text/html"), (b"Set-Cookie", b"a=***")), ID)
    assert stored == text(
        "WARC/1.1",
        "WARC-Type: response",
        "WARC-Record-ID: <urn:uuid:1>",
        "WARC-Date: 2026-03-01T10:00:00.123Z",
        "WARC-Target-URI: http://h/x",
        "Content-Type: application/http; msgtype=response",
        f"WARC-Payload-Digest: sha256:{DIGEST.hexdigest()}",
        "WARC-IP-Address: 192.0.2.1",
        "Content-Length: 74",
        "",
        "HTTP/1.1 200 OK",
        "Content-Type: text/html",
        "Set-Cookie: a=***",
        "",
        "<p>body</p>",
        "",
        "",
    )


def test_request_and_metadata_byte_by_byte(plain: WarcWriter) -> None:
    assert plain.context(visit(), ID) == text(
        "WARC/1.1",
        "WARC-Type: request",
        "WARC-Record-ID: <urn:uuid:2>",
        "WARC-Date: 2026-03-01T10:00:00.123Z",
        "WARC-Target-URI: http://h/x",
        "WARC-Concurrent-To: <urn:uuid:1>",
        "Content-Type: application/http; msgtype=request",
        "Content-Length: 41",
        "",
        "GET /x HTTP/1.1",
        "Host: h",
        "Cookie: ***",
        "",
        "",
        "",
        "WARC/1.1",
        "WARC-Type: metadata",
        "WARC-Record-ID: <urn:uuid:2>",
        "WARC-Date: 2026-03-01T10:00:00.123Z",
        "WARC-Target-URI: http://h/x",
        "WARC-Concurrent-To: <urn:uuid:1>",
        "Content-Type: application/warc-fields",
        "Content-Length: 10",
        "",
        "depth: 2",
        "",
        "",
        "",
    )


def test_a_revisit_byte_by_byte(plain: WarcWriter) -> None:
    stored = plain.revisit(
        visit((b"ETag", b'"1"'), peer=None, cut="time"),
        ID,
        profile="identical-payload-digest",
        url="http://h/first",
        at="2026-02-01T10:00:00.000Z",
        digest=DIGEST.digest(),
    )
    assert stored == text(
        "WARC/1.1",
        "WARC-Type: revisit",
        "WARC-Record-ID: <urn:uuid:1>",
        "WARC-Date: 2026-03-01T10:00:00.123Z",
        "WARC-Target-URI: http://h/x",
        "Content-Type: application/http; msgtype=response",
        f"WARC-Payload-Digest: sha256:{DIGEST.hexdigest()}",
        "WARC-Truncated: time",
        "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        "WARC-Refers-To-Target-URI: http://h/first",
        "WARC-Refers-To-Date: 2026-02-01T10:00:00.000Z",
        "Content-Length: 30",
        "",
        "HTTP/1.1 200 OK",
        'ETag: "1"',
        "",
        "",
        "",
        "",
    )


@pytest.mark.parametrize(
    ("received", "kept"),
    [
        ([], []),
        ([(b"content-length", b"11")], ["content-length: 11"]),
        (
            [(b"Content-Encoding", b"br"), (b"Content-Length", b"7")],
            ["X-Crawl-Content-Encoding: br", "X-Crawl-Content-Length: 7", "Content-Length: 11"],
        ),
        (
            [(b"Transfer-Encoding", b"chunked")],
            ["X-Crawl-Transfer-Encoding: chunked", "Content-Length: 11"],
        ),
        ([(b"Content-Length", b"999")], ["X-Crawl-Content-Length: 999", "Content-Length: 11"]),
    ],
)
def test_headers_hold_for_the_stored_body(
    plain: WarcWriter, tmp_path: Path, received: list[tuple[bytes, bytes]], kept: list[str]
) -> None:
    """A replay tool would undo a coding that is not there, or wait for bytes that never come."""
    stored = plain.response(visit(*received), ID)
    head = stored.partition(b"HTTP/1.1 200 OK\r\n")[2].partition(b"\r\n\r\n")[0]
    # Without headers the empty line follows the status line at once.
    assert (head.decode().split("\r\n") if received else []) == kept
    (tmp_path / "p").write_bytes(packed := gzip.compress(stored))
    found = open_body(tmp_path, {"file": "p", "offset": 0, "length": len(packed)})
    assert found.body == BODY
    assert found.headers == {name.decode().lower(): value.decode() for name, value in received}


@pytest.mark.parametrize("is_fast", [True, False])
def test_members_are_read_by_others(monkeypatch: pytest.MonkeyPatch, is_fast: bool) -> None:
    """With the fast library or without it, the file is the same to all who read it."""
    if not is_fast:
        monkeypatch.setitem(__import__("sys").modules, "isal", None)
    writer = WarcWriter(find_pack())
    one = visit((b"Content-Type", b"text/html"), body=BODY * 1000)
    members = [
        writer.info("part-000001.warc.gz", AT, {"software": "x"}),
        writer.response(one, warc.new_id()),
        writer.context(one, ID),
    ]
    data = b"".join(members)
    assert len(data) < 3000
    records = ArchiveIterator(BytesIO(data), check_digests="raise")
    found = [(r.rec_type, r.content_stream().read()) for r in records]
    assert [kind for kind, _ in found] == ["warcinfo", "response", "request", "metadata"]
    assert found[1][1] == BODY * 1000
    # Each record is a member of its own.
    rest = zlib.decompressobj(31)
    rest.decompress(data[len(members[0]) :])
    assert rest.unused_data == members[2]
