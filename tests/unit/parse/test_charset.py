"""Which encoding wins."""

import pytest

from crawler.parse.charset import to_utf8

CYRILLIC = "Съешь же ещё этих мягких французских булок, да выпей чаю. "


@pytest.mark.parametrize(
    ("body", "header", "charset", "text"),
    [
        (b"abc", None, "utf-8", "abc"),
        ("ä".encode(), None, "utf-8", "ä"),
        ("ä".encode(), "UTF8", "utf-8", "ä"),
        (b"\xef\xbb\xbf\xc3\xa4", "windows-1251", "utf-8", "ä"),
        (b"\xff\xfea\x00", "utf-8", "utf-16le", "a"),
        (b"\xfe\xff\x00a", "utf-8", "utf-16be", "a"),
        (b"a\x00", "utf-16", "utf-16le", "a"),
        (b"\xe4", "latin1", "windows-1252", "ä"),
        (b"\x80", "ascii", "windows-1252", "€"),
        (b"\xe4<meta charset=windows-1251>", "iso-8859-1", "windows-1252", None),
        (b"<meta charset=windows-1251>\xe4", "no-such-charset", "windows-1251", None),
        (b"<meta charset=windows-1251>\xe4", "\udcff", "windows-1251", None),
        (b"<META CharSet = 'Windows-1251' >\xe4", None, "windows-1251", None),
        (
            b'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">',
            None,
            "koi8-r",
            None,
        ),
        (b'<meta content="x; charset=koi8-r" http-equiv=content-type>', None, "koi8-r", None),
        (b'<meta name="description" content="charset=koi8-r">', None, "utf-8", None),
        (b"<!-- <meta charset=koi8-r> --><meta charset=gb2312>", None, "gbk", None),
        (b"<meta charset=bogus><meta charset=gb2312>", None, "gbk", None),
        (b"<meta charset=utf-16le>a", None, "utf-8", None),
        (b"<meta charset=x-user-defined>a", None, "windows-1252", None),
        (b" " * 1024 + b"<meta charset=koi8-r>", None, "utf-8", None),
        (b"<meta charset=utf-7>+ADw-", None, "utf-8", "<meta charset=utf-7>+ADw-"),
        (CYRILLIC.encode("cp1251") * 5, None, "windows-1251", CYRILLIC * 5),
        (b"It\x92s a caf\xe9", None, "windows-1252", None),
        ("ä".encode() * 100 + b"\xff" + "ö".encode() * 100, None, "utf-8", None),
        ("ä".encode() * 100 + b"\xc3", None, "utf-8", None),
        ("Größe, Öl, Straße, Äpfel, für, während".encode("cp1252"), None, "windows-1252", None),
        ("日本語のテキストです。".encode("shift_jis") * 9, None, "shift_jis", None),
        (b"\x81", None, "windows-1252", None),
        (b"", None, "utf-8", ""),
        (b"\x1b$)C\x0e", "iso-2022-kr", "replacement", None),
    ],
)
def test_order(body: bytes, header: str | None, charset: str, text: str | None) -> None:
    """A page would be read in the wrong encoding, and its words and links would be garbage."""
    found = to_utf8(body, header)
    assert found.charset == charset
    if text is not None:
        assert found.data.decode() == text


def test_pages_in_utf8_are_not_copied() -> None:
    """Nearly every page would be decoded and encoded again for nothing."""
    body = b"<p>\xc3\xa4\xff"
    assert to_utf8(body, "utf-8").data is body
