"""Which cookies of a file go with which request (RFC 6265 sections 5.1.3, 5.1.4, 5.4)."""

import pytest

from crawler.model.site import Cookie
from crawler.policy.cookies import CookieList, path_matches

NOW = 1_800_000_000_000


def cookie(name: str, domain: str = "h.example", **changes: object) -> Cookie:
    plain = Cookie(domain, False, "/", False, None, name, "v")
    return plain._replace(**changes)  # type: ignore[arg-type]


COOKIES = CookieList(
    [
        cookie("host"),
        cookie("wide", with_subdomains=True),
        cookie("safe", secure=True),
        cookie("deep", path="/a/b"),
        cookie("old", expires_at=NOW),
        cookie("young", expires_at=NOW + 1),
        cookie("number", "127.0.0.1", with_subdomains=True),
        cookie("tail", "0.1", with_subdomains=True),
    ]
)


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("https://h.example/", "host wide safe young"),
        ("http://h.example/", "host wide young"),
        ("http://h.example:8080/x", "host wide young"),
        ("http://h.example/a/b/c?d", "deep host wide young"),
        ("http://h.example/a/bc", "host wide young"),
        ("https://www.h.example/", "wide"),
        ("https://xh.example/", ""),
        ("https://h.example.evil/", ""),
        ("https://example/", ""),
        ("http://127.0.0.1:81/", "number"),
        ("http://9.127.0.0.1/", ""),
    ],
)
def test_who_gets_which_cookie(url: str, names: str) -> None:
    """A session would be given away, or not be there where it is needed."""
    assert " ".join(name for name, _ in COOKIES.pairs(url, NOW)) == names


@pytest.mark.parametrize(
    ("path", "of_cookie", "matches"),
    [
        ("/", "/", True),
        ("/a", "/a", True),
        ("/a/", "/a", True),
        ("/a/b", "/a/", True),
        ("/ab", "/a", False),
        ("/a", "/a/", False),
    ],
)
def test_paths(path: str, of_cookie: str, matches: bool) -> None:
    """`/adm` is not `/admin`."""
    assert path_matches(path, of_cookie) is matches
