"""What is HTML."""

import pytest

from crawler.parse.content_type import header_charset, is_html, media_type


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("text/html", b"", True),
        ("Text/HTML; charset=utf-8", b"", True),
        ("application/xhtml+xml", b"", True),
        ("text/plain", b"<html>", False),
        ("application/pdf", b"<html>", False),
        ("image/svg+xml", b"<svg>", False),
        ("", b"<html>", True),
        (None, b"<!DOCTYPE html><p>", True),
        (None, b"\xef\xbb\xbf \n<HTML>", True),
        (None, b"<!-- x --><p>", True),
        (None, "\ufeff<html>".encode("utf-16-le"), True),
        (None, b"<?xml version='1.0'?><html>", True),
        (None, b"<?xml version='1.0'?><rss>", False),
        (None, b"%PDF-1.4 <html>", False),
        (None, b"plain text", False),
        (None, b"", False),
    ],
)
def test_is_html(content_type: str | None, body: bytes, expected: bool) -> None:
    """A picture would be parsed as a page, or a page without a header would have no links."""
    assert is_html(content_type, body) is expected


@pytest.mark.parametrize(
    ("content_type", "label"),
    [
        (None, None),
        ("text/html", None),
        ("text/html; charset=", None),
        ("text/html;charset=UTF-8", "UTF-8"),
        ('text/html; Charset="koi8-r"; x=y', "koi8-r"),
        ("text/html; charset = latin1", "latin1"),
        ("text/html; x=charset; charset='gbk'", "gbk"),
    ],
)
def test_header_charset(content_type: str | None, label: str | None) -> None:
    """The server's word on the encoding would be lost."""
    assert header_charset(content_type) == label


def test_media_type() -> None:
    """`text/HTML ; x` would be no HTML."""
    assert media_type(" Text/HTML ; charset=x") == "text/html"


def test_of_repeated_headers_the_last_type_counts() -> None:
    repeated = "application/json, text/html; charset=utf-8"
    assert media_type(repeated) == "text/html"
    assert header_charset("text/html; charset=latin1, text/html; charset=utf-8") == "utf-8"
    assert is_html(repeated, b"{}")
    assert media_type('text/html; charset="a, b"') == "text/html"


def test_a_row_of_comments_is_read_in_one_way() -> None:
    """Forty comments before the first tag took longer than the age of the world."""
    assert not is_html(None, b"<!---->" * 140 + b"x")
    assert is_html(None, b" <!-- a --> <?xml version='1.0'?> <!---->" * 20 + b"<html>")
