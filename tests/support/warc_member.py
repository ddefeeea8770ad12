"""Writes WARC members by hand, so that tests of readers need no crawl."""

import gzip
from hashlib import sha256


def member(
    body: bytes,
    *,
    url: str = "http://a.example/",
    kind: str = "response",
    status: str = "200 OK",
    content_type: str = "text/html; charset=utf-8",
    headers: str = "",
    truncated: bool = False,
) -> bytes:
    """Return one gzip member that holds a response."""
    http = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{headers}\r\n".encode() + body
    cut = "WARC-Truncated: length\r\n" if truncated else ""
    head = (
        f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\n"
        f"WARC-Payload-Digest: sha256:{sha256(body).hexdigest()}\r\n{cut}"
        f"Content-Length: {len(http)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + http + b"\r\n\r\n", mtime=0)
