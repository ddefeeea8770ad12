"""Opening what a record's `warc` points to: the right body, or one line that says what is wrong."""

import gzip
from hashlib import sha256
from pathlib import Path

import pytest

from crawler.errors import StorageError
from crawler.sink.bodies import open_body

NAME = "part-000001.warc.gz"
BODY = b"<p>three</p>"
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"


def member(kind: str, block: bytes, *, body: bytes = BODY, extra: str = "") -> bytes:
    head = (
        f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://h/{kind}\r\n"
        f"WARC-Payload-Digest: sha256:{sha256(body).hexdigest()}\r\n{extra}"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + block + b"\r\n\r\n", mtime=0)


RESPONSE = member("response", HTTP + b"Content-Length: 12\r\n\r\n" + BODY)


def write(directory: Path, *members: bytes) -> list[dict[str, object]]:
    """Write the members behind one another; return where each is."""
    places: list[dict[str, object]] = []
    offset = 0
    for one in members:
        places.append({"file": NAME, "offset": offset, "length": len(one)})
        offset += len(one)
    (directory / NAME).write_bytes(b"".join(members))
    return places


def test_only_the_member_asked_for_is_opened(tmp_path: Path) -> None:
    """The body of another page would be parsed as this one's."""
    other = member("response", HTTP + b"\r\nother", body=b"other")
    _, place, _ = write(tmp_path, other, RESPONSE, b"damaged")
    found = open_body(tmp_path, place)
    assert found.body == BODY
    assert (found.url, found.status, found.truncated) == ("http://h/response", 200, False)
    assert found.headers == {
        "content-type": "text/html",
        "set-cookie": "a, b",
        "content-length": "12",
    }


def test_headers_are_those_that_were_received(tmp_path: Path) -> None:
    """A body read again must be judged by the same headers as the first time."""
    head = HTTP + b"X-Crawl-Content-Encoding: gzip\r\nX-Crawl-Content-Length: 7\r\n"
    block = head + b"Content-Length: 12\r\nX-N\xe4me: \xe4\r\n\r\n" + BODY
    (place,) = write(tmp_path, member("response", block, extra="WARC-Truncated: length\r\n"))
    found = open_body(tmp_path, place)
    assert found.headers["content-encoding"] == "gzip"
    assert found.headers["content-length"] == "7"
    assert found.headers["x-näme"] == "ä"
    assert found.truncated


def test_a_revisit_has_its_own_headers_and_the_body_it_repeats(tmp_path: Path) -> None:
    """The same bytes under another status or charset are another page."""
    revisit = member("revisit", b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n")
    first, second = write(tmp_path, RESPONSE, revisit)
    found = open_body(tmp_path, {**first, "revisit": second})
    assert (found.status, found.body) == (404, BODY)
    assert (found.url, found.headers) == ("http://h/revisit", {"content-type": "text/plain"})


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"offset": 5, "length": len(RESPONSE) - 5}, "incorrect header check"),
        ({"length": len(RESPONSE) - 1}, "no whole gzip member"),
        ({"length": len(RESPONSE) + 1}, "ends 1 bytes too early"),
        ({"offset": 10_000}, "too early"),
        ({"offset": -1}, "no place in a file"),
        ({"offset": "0"}, "no place in a file"),
        ({"file": "../" + NAME}, "no place in a file"),
        ({"file": "part-000002.warc.gz"}, "part missing"),
    ],
)
def test_a_pointer_that_does_not_hold_is_one_line(
    tmp_path: Path, place: dict[str, object], message: str
) -> None:
    """A traceback, or bytes that are no response, would end a run over all records."""
    (good,) = write(tmp_path, RESPONSE)
    with pytest.raises(StorageError, match=message) as caught:
        open_body(tmp_path, good | place)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (member("response", HTTP + b"\r\n" + BODY, body=b"other"), "not the one that was stored"),
        (member("request", HTTP + b"\r\n" + BODY), "a request record"),
        (member("response", b"nonsense"), "no HTTP response"),
        (member("response", b"nonsense\r\n\r\n" + BODY), "no HTTP response"),
        (gzip.compress(b"plain text", mtime=0), "no WARC record"),
        (RESPONSE[:60] + b"\xff\xff" + RESPONSE[62:], "no stored response"),
        (
            gzip.compress(
                gzip.decompress(RESPONSE).replace(b"-Length: ", b"-Length: 1", 1), mtime=0
            ),
            "not the one it names",
        ),
    ],
)
def test_damage_is_one_line(tmp_path: Path, data: bytes, message: str) -> None:
    """A damaged body must never be taken for the page."""
    (place,) = write(tmp_path, data)
    with pytest.raises(StorageError, match=message):
        open_body(tmp_path, place)


def test_a_pointer_over_two_members_names_neither(tmp_path: Path) -> None:
    """An offset that is right by luck must not hide that the pointer is of another file."""
    first, second = write(tmp_path, RESPONSE, RESPONSE)
    both = first | {"length": 2 * len(RESPONSE)}
    with pytest.raises(StorageError, match="no whole gzip member"):
        open_body(tmp_path, both)
    assert open_body(tmp_path, second).body == BODY


def test_a_revisit_pointer_must_name_a_revisit(tmp_path: Path) -> None:
    """Status and headers of some other page would be taken for this one's."""
    first, second = write(tmp_path, RESPONSE, RESPONSE)
    with pytest.raises(StorageError, match="no revisit record"):
        open_body(tmp_path, {**first, "revisit": second})
