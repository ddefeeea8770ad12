"""Which table holds for which host, and what it does to scope and to links that log out."""

import pytest

from crawler.errors import ConfigError
from crawler.model.site import Cookie, Site
from crawler.policy.admission import Admission, sessions_of
from crawler.policy.logout import is_logout
from crawler.policy.site_scope import make_scope
from crawler.policy.sites import Sites

NOW = 1_800_000_000_000

TABLES = [
    Site(match="shop.example"),
    Site(match="127.0.0.1:8000"),
    Site(match="[::1]:*"),
    Site(match="*.shop.example"),
    Site(match="*.example"),
]
MATCHES = [
    ("shop.example", "shop.example"),
    ("a.shop.example", "*.shop.example"),
    ("a.b.shop.example", "*.shop.example"),
    ("other.example", "*.example"),
    ("example", None),
    ("shop.example:8080", None),
    ("a.shop.example:8080", None),
    ("shopXexample", None),
    ("shop.example.evil", None),
    ("127.0.0.1:8000", "127.0.0.1:8000"),
    ("127.0.0.1:80000", None),
    ("127.0.0.1", None),
    ("[::1]:81", "[::1]:*"),
]


@pytest.mark.parametrize(("host", "match"), MATCHES)
def test_the_first_table_that_matches_holds(host: str, match: str | None) -> None:
    """A secret would go to the host of another, or the delay of one be that of another."""
    sites = Sites(TABLES)
    for _ in range(2):  # the second answer is a remembered one
        site = sites.of(host)
        assert (site and site.match) == match


def test_no_tables_are_false() -> None:
    """The hot path asks this once, instead of looking up each host."""
    assert not Sites([])
    assert Sites(TABLES)


def test_what_is_remembered_is_bounded() -> None:
    """A crawl of all hosts there are would keep each of them for ever."""
    sites = Sites(TABLES)
    for number in range(25_000):
        sites.of(f"{number}.shop.example")
    assert len(sites._found) <= 10_000


def test_scope_of_a_table() -> None:
    """A table's own scope and globs hold at its hosts, those of the crawl elsewhere."""
    sites = [
        Site(match="cdn.example", scope="any", exclude=("*.zip",)),
        Site(match="docs.example", scope="prefix"),
        Site(match="news.example", delay_ms=1),
    ]
    roots = ["https://docs.example/a/", "https://news.example/x"]
    scope = make_scope("host", roots, (), ("*.pdf",), sites)
    verdicts = {
        "https://cdn.example/x": None,
        "https://cdn.example/x.pdf": None,
        "https://cdn.example/x.zip": "exclude",
        "https://docs.example/a/b": None,
        "https://docs.example/b": "scope",
        "https://docs.example/a/b.pdf": "exclude",
        "https://news.example/b": None,
        "https://news.example/b.zip": None,
        "https://other.example/": "scope",
    }
    assert {url: scope.refusal(url) for url in verdicts} == verdicts
    assert scope.explain("https://docs.example/b").startswith("refused: docs.example/ is")
    scope.add_root("https://docs.example/b/")
    assert scope.refusal("https://docs.example/b/c") is None
    scope.add_root("https://other.example/")
    assert scope.refusal("https://other.example/x") is None


def test_include_of_a_table_replaces_the_crawls() -> None:
    """A site with other paths would be left out whole by the globs for the rest."""
    sites = [Site(match="a.example", include=("*/keep/*",)), Site(match="b.example", include=())]
    scope = make_scope("any", (), ("*/blog/*",), (), sites)
    assert scope.refusal("https://a.example/keep/x") is None
    assert scope.refusal("https://a.example/blog/x") == "include"
    assert scope.refusal("https://b.example/x") is None
    assert scope.refusal("https://c.example/x") == "include"


def test_without_own_scopes_the_scope_is_the_plain_one() -> None:
    """Every link would be looked up for nothing."""
    plain = make_scope("host", (), (), (), [])
    assert type(make_scope("host", (), (), (), [Site(match="a", delay_ms=1)])) is type(plain)


def test_a_glob_of_a_table_that_matches_no_url_is_refused() -> None:
    """It would silently leave the whole site out."""
    with pytest.raises(ConfigError, match="begin it with"):
        make_scope("host", (), (), (), [Site(match="a.example", include=("/blog/*",))])


LOGOUTS = [
    "/logout",
    "/log-out",
    "/log_out/",
    "/Logout.aspx",
    "/LOGOUT",
    "/user/logout?token=1",
    "/wp-login.php?action=logout",
    "/?logout",
    "/signout",
    "/sign-out",
    "/users/sign_out",
    "/SignOut",
    "/logoff",
    "/log-off.html",
    "/signoff",
    "/doLogout",
    "/userLogout.action",
    "/logoutUser",
    "/account;logout",
    "/log%20out",
    "/connect/endsession",
    "/konto/abmelden",
]
NO_LOGOUTS = [
    "/",
    "/login",
    "/blogout",
    "/blog-out",
    "/catalogoff",
    "/catalog/office",
    "/dialogout",
    "/logouts",
    "/logoutside",
    "/signoutlet",
    "/designoffice",
    "/signs/out",
    "/out/log",
]


@pytest.mark.parametrize("path", LOGOUTS)
def test_log_outs(path: str) -> None:
    """One click, and all that follows is what a stranger sees."""
    assert is_logout("https://h.example" + path)


@pytest.mark.parametrize("path", NO_LOGOUTS)
def test_what_only_looks_like_a_log_out(path: str) -> None:
    """A page of a blog would be missing."""
    assert not is_logout("https://logout.example" + path)


@pytest.mark.parametrize(
    ("site", "is_refused"),
    [
        (Site(match="h.example", cookies=(("a", "b"),)), True),
        (Site(match="h.example", credentials=("a", "b")), True),
        (Site(match="h.example", cookie_jar=True), True),
        (Site(match="h.example", headers=(("AUTHORIZATION", "x"),)), True),
        (Site(match="h.example", headers=(("X-Lang", "x"),)), False),
        (Site(match="h.example", delay_ms=1), False),
        (Site(match="i.example", credentials=("a", "b")), False),
    ],
)
def test_only_a_site_that_knows_us_can_forget_us(site: Site, is_refused: bool) -> None:
    """A stranger's crawl would miss pages for nothing, or a login end at the first link."""
    scope = make_scope("any", (), (), (), [])
    admission = Admission(scope, NOW, sessions_of([site], []))
    reason = "logout" if is_refused else None
    assert admission.refusal("https://h.example/logout", 1) == reason
    assert admission.trap("https://h.example/logout", 0) == reason
    assert admission.refusal("https://h.example/x", 1) is None


def test_cookies_of_the_file_are_a_session() -> None:
    """As above: the usual way to log in."""
    cookie = Cookie("h.example", True, "/deep/", True, None, "a", "b")
    has_session = sessions_of([], [cookie])
    assert has_session is not None
    assert has_session("h.example")
    assert has_session("www.h.example:8080")
    assert not has_session("i.example")
    assert sessions_of([Site(match="h.example", delay_ms=1)], []) is None


def test_no_secret_in_a_repr() -> None:
    """A plan in a traceback or a log would show the password."""
    secret = (("Authorization", "hunter2"),)
    site = Site(match="a", headers=secret, cookies=secret, credentials=("hunter2", "hunter2"))
    cookie = Cookie("a.example", True, "/", True, None, "sid", "hunter2")
    assert "hunter2" not in repr((site, cookie)) + str(site) + f"{cookie}"
    assert site.keys == ["header", "cookie", "username", "password"]
