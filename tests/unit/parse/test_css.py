"""What a style sheet loads, in every spelling that sites use, and nothing that it only mentions."""

import pytest

from crawler.parse.charset import sheet_text
from crawler.parse.css import MAX_CHARS, MAX_URLS, sheet_urls


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a{background:url(x.png)}", ["x.png"]),
        ("a{background:URL( 'x y.png' )}", ["x y.png"]),
        ('a{background:url("x.png") , url(y.png)}', ["x.png", "y.png"]),
        ("a{background:url(x.png)} b{background:url(x.png)}", ["x.png"]),
        ("@import \"a.css\" screen; @import'b.css';", ["a.css", "b.css"]),
        ("@IMPORT url(a.css);@import url('b.css') layer(x);", ["a.css", "b.css"]),
        ("@font-face{src:url(f.woff2)format('woff2'),url(f.woff)}", ["f.woff2", "f.woff"]),
        ("a{background:image-set(url(1.png) 1x, url(2.png) 2x)}", ["1.png", "2.png"]),
        (r"a{background:url(a\29 b\)\20 c.png)}", ["a)b) c.png"]),
        ("a{background:url(\n  x.png\n)}", ["x.png"]),
        ("a{background:url(x.png", ["x.png"]),
        ('a{background:url("x.png', ["x.png"]),
        # Nothing is loaded by these.
        ("/* url(no.png) */ a{}", []),
        ("/* url(no.png)", []),
        ("a{content:'url(no.png)'}", []),
        (r"a{content:'\'url(no.png)'}", []),
        ("a{fill:url(#part)}", []),
        ("a{background:url(data:image/png;base64,AA==)}", []),
        ("a{background:url(DATA:x)} b{background:url(y)}", ["y"]),
        ("@namespace svg url(http://www.w3.org/2000/svg); a{background:url(x)}", ["x"]),
        ("a{background:url()}", []),
        ("a{background:my-url(x)}", []),
        ("", []),
    ],
)
def test_references(text: str, found: list[str]) -> None:
    assert sheet_urls(text) == found


def test_a_sheet_of_any_size_is_bounded() -> None:
    """A page's sheet must not keep a reader busy, whatever is in it."""
    assert len(sheet_urls("".join(f"a{{b:url({n})}}" for n in range(3 * MAX_URLS)))) == MAX_URLS
    assert sheet_urls(" " * MAX_CHARS + "a{b:url(x)}") == []
    assert sheet_urls(f"a{{b:url({'x' * 100_000})}} c{{b:url(y)}}") == ["y"]


@pytest.mark.parametrize(
    "piece",
    ["url(", "url( ", '"', "'", "\\", "/*", "*/", "@import ", "@namespace", "url('", "(", "/"],
)
def test_time_is_linear(piece: str) -> None:
    """Were it not, a sheet of a megabyte would keep its reader for hours, and this test too."""
    assert sheet_urls("a{b:url(x)}" + piece * 300_000)[0] == "x"


@pytest.mark.parametrize(
    ("body", "label", "text"),
    [
        ("é".encode(), None, "é"),
        ("é".encode("latin-1"), "iso-8859-1", "é"),
        (b'@charset "windows-1252";\xe9', None, '@charset "windows-1252";é'),
        (b'@charset "utf-16";a', None, '@charset "utf-16";a'),
        (b'@charset "no such";a', None, '@charset "no such";a'),
        (b"\xef\xbb\xbf\xc3\xa9", "iso-8859-1", "é"),
        ("é".encode("utf-16"), None, "é"),
        (b"\xff", None, "\ufffd"),
    ],
)
def test_encoding(body: bytes, label: str | None, text: str) -> None:
    """The address of an image may have letters of any alphabet."""
    assert sheet_text(body, label) == text
