"""RFC 9309 as a table, and what practice adds to it."""

import pytest

from crawler.policy.robots import RobotsRules, backoff_ms, parse_robots
from crawler.policy.robots_paths import normal_form

TOKEN = "QuasiCrawler"


def rules(text: str | bytes, token: str = TOKEN) -> RobotsRules:
    return parse_robots(text if isinstance(text, bytes) else text.encode(), token)


# (rule, target, does it match) for one Disallow line
MATCHES = [
    # prefix
    ("/", "/", True),
    ("/", "/x?y", True),
    ("/fish", "/fish", True),
    ("/fish", "/fish.html", True),
    ("/fish", "/fish/salmon.html", True),
    ("/fish", "/fish.php?id=anything", True),
    ("/fish", "/Fish.asp", False),
    ("/fish", "/catfish", False),
    ("/fish", "/?id=fish", False),
    ("/fish/", "/fish", False),
    ("/fish/", "/fish/", True),
    ("/fish/", "/fish/?id=1", True),
    # star
    ("/fish*", "/fishheads/yummy.html", True),
    ("/*.php", "/index.php", True),
    ("/*.php", "/folder/filename.php?parameters", True),
    ("/*.php", "/folder/any.php.file.html", True),
    ("/*.php", "/windows.PHP", False),
    ("/*.php", "/", False),
    ("*.php", "/a.php", True),
    ("*", "/anything", True),
    ("/fish*.php", "/fish.php", True),
    ("/fish*.php", "/fishheads/catfish.php?parameters", True),
    ("/fish*.php", "/Fish.PHP", False),
    ("/a*b*c", "/a-b-c-d", True),
    ("/a*b*c", "/a-c-b", False),
    ("/a**b", "/a-b", True),
    ("/foo/*/bar", "/foo/bar", False),
    ("/foo/*/bar", "/foo/x/y/bar", True),
    # dollar
    ("/$", "/", True),
    ("/$", "/x", False),
    ("/*.php$", "/filename.php", True),
    ("/*.php$", "/folder/filename.php", True),
    ("/*.php$", "/filename.php?parameters", False),
    ("/*.php$", "/filename.php/", False),
    ("/*.php$", "/a.php.php", True),
    ("/ab*b$", "/ab", False),
    ("/ab*b$", "/abb", True),
    ("/fish*$", "/fishes", True),
    ("*$", "/", True),
    ("/a$b", "/a$b", True),
    ("/a$b", "/a", False),
    ("/a$b$", "/a$b", True),
    ("/a$b$", "/a$bc", False),
    # literal star and dollar, RFC 9309 section 2.2.3
    ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", True),
    ("/path/file-with-a-%2A.html", "/path/file-with-a-%2a.html", True),
    ("/path/file-with-a-%2A.html", "/path/file-with-a-x.html", False),
    ("/path/foo-%24", "/path/foo-$", True),
    ("/path/foo-%24", "/path/foo-%24bar", True),
    ("/path/foo-$", "/path/foo-$", False),
    # percent-encoding, RFC 9309 section 2.2.2
    ("/foo/bar?baz=quz", "/foo/bar?baz=quz", True),
    ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", True),
    ("/foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar", True),
    ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https://foo.bar", True),
    ("/*?*=https://", "/x?u=https%3a%2f%2fevil", True),
    ("*//", "/x?u=a//b", True),
    ("/foo/bar/ツ", "/foo/bar/%E3%83%84", True),
    ("/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", True),
    ("/foo/bar/%62%61%7A", "/foo/bar/baz", True),
    ("/foo/bar/baz", "/foo/bar/%62%61%7a", True),
    ("/a%3Cd.html", "/a%3cd.html", True),
    ("/a<d.html", "/a%3Cd.html", True),
    ("/%7Ejoe/index.html", "/~joe/index.html", True),
    ("/~joe", "/%7ejoe", True),
    ("/a%2fb.html", "/a%2Fb.html", True),
    ("/a/b.html", "/a%2fb.html", False),
    ("/a%2fb.html", "/a/b.html", False),
    ("/a{b}", "/a%7Bb%7D", True),
    ("/?q={|}", "/?q={|}", True),
    ("/%zz", "/%zz", True),
    ("/100%", "/100%", True),
    # not absolute: whoever writes this means the folder
    ("private/", "/private/x", True),
    ("", "/x", False),
]


@pytest.mark.parametrize(("rule", "target", "matches"), MATCHES)
def test_one_rule(rule: str, target: str, matches: bool) -> None:
    """A forbidden page would be fetched, or an allowed one left out."""
    found = rules(f"User-agent: *\nDisallow: {rule}\n")
    assert found.allows(target) is not matches


# (lines of our group, target, allowed)
PRECEDENCE = [
    ("Allow: /p\nDisallow: /", "/page", True),
    ("Disallow: /\nAllow: /p", "/page", True),
    ("Allow: /folder\nDisallow: /folder", "/folder/page", True),
    ("Disallow: /folder\nAllow: /folder", "/folder/page", True),
    ("Allow: /page\nDisallow: /*.htm", "/page.htm", False),
    ("Allow: /page\nDisallow: /*.ph", "/page.php5", True),
    ("Allow: /$\nDisallow: /", "/", True),
    ("Allow: /$\nDisallow: /", "/page.htm", False),
    ("Disallow: /x/page.html\nAllow: /x/", "/x/page.html", False),
    ("Disallow: /x/page.html\nAllow: /x/", "/x/", True),
    ("Disallow: /a\nAllow: /aa\nDisallow: /aaa\nAllow: /aaaa", "/aaab", False),
    ("Disallow: /a\nAllow: /aa\nDisallow: /aaa\nAllow: /aaaa", "/aaaab", True),
    ("Disallow: /*\nAllow: /a", "/a", True),
    ("Disallow: /\nAllow: *.css$", "/x.css", True),
    ("Disallow: /\nAllow: private", "/private", False),
    ("Disallow:", "/", True),
    ("Disallow: /\nDisallow:", "/x", False),
    ("Allow:\nDisallow: /", "/x", False),
    ("Disallow: /", "/robots.txt", True),
    ("Disallow: /robots.txt", "/robots.txt", True),
]


@pytest.mark.parametrize(("lines", "target", "allowed"), PRECEDENCE)
def test_longest_rule_decides(lines: str, target: str, allowed: bool) -> None:
    """Order instead of length, or Disallow at a tie."""
    assert rules(f"User-agent: quasicrawler\n{lines}\n").allows(target) is allowed


# (robots.txt, does it shut /x to us)
GROUPS = [
    ("User-agent: QuasiCrawler\nDisallow: /x", True),
    ("user-agent: quasicrawler\ndisallow: /x", True),
    ("USER-AGENT: QUASICRAWLER\nDISALLOW: /x", True),
    ("User-agent: quasicrawler/1.0\nDisallow: /x", True),
    ("User-agent: QuasiCrawler (like others)\nDisallow: /x", True),
    ("User-agent: quasi\nDisallow: /x", False),
    ("User-agent: quasicrawler2\nDisallow: /x", False),
    ("User-agent: quasicrawler-news\nDisallow: /x", False),
    ("User-agent: my quasicrawler\nDisallow: /x", False),
    ("User-agent: other\nDisallow: /x", False),
    ("User-agent:\nDisallow: /x", False),
    ("User-agent: *\nDisallow: /x", True),
    ("User-agent: * all of you\nDisallow: /x", True),
    ("User-agent: *bot\nDisallow: /x", False),
    # ours before the general one, wherever it stands
    ("User-agent: *\nDisallow: /x\n\nUser-agent: quasicrawler\nDisallow: /y", False),
    ("User-agent: quasicrawler\nDisallow: /y\n\nUser-agent: *\nDisallow: /x", False),
    ("User-agent: *\nDisallow: /x\n\nUser-agent: quasicrawler\n", False),
    ("User-agent: *\nDisallow: /x\n\nUser-agent: quasicrawler\nDisallow:", False),
    # merged
    (
        (
            "User-agent: quasicrawler\nDisallow: /y\n\nUser-agent: b\nDisallow: /z\n\n"
            "User-agent: QuasiCrawler\nDisallow: /x"
        ),
        True,
    ),
    ("User-agent: *\nDisallow: /y\n\nUser-agent: *\nDisallow: /x", True),
    ("User-agent: a\nUser-agent: quasicrawler\nUser-agent: b\nDisallow: /x", True),
    ("User-agent: a\n\n\n# text\nUser-agent: quasicrawler\n\nDisallow: /x", True),
    # what closes the head of a group, and what does not
    ("User-agent: quasicrawler\nSitemap: http://h/s\nUser-agent: b\nDisallow: /x", True),
    ("User-agent: quasicrawler\nNoindex: /q\nUser-agent: b\nDisallow: /x", True),
    ("User-agent: quasicrawler\nDisallow:\nUser-agent: b\nDisallow: /x", False),
    ("User-agent: *\nCrawl-delay: 9\nUser-agent: b\nDisallow: /x", False),
    ("User-agent: quasicrawler\nDisallow: /y\nSitemap: http://h/s\nDisallow: /x", True),
    ("User-agent: quasicrawler\nbogus\nDisallow: /x", True),
    ("Disallow: /x\nUser-agent: other\nDisallow: /", False),
    ("Disallow: /x", False),
    # syntax
    ("\ufeffUser-agent: *\nDisallow: /x", True),
    ("User-agent: *\rDisallow: /x\r", True),
    ("User-agent: *\r\nDisallow: /x\r\n", True),
    ("User-agent: *\n\r\n\rDisallow: /x", True),
    ("  User-agent : *  \n\t Disallow\t:\t/x\t", True),
    ("User-agent: * # all\nDisallow: /x # this", True),
    ("User-agent: *\n#Disallow: /x", False),
    ("User-agent: *\nDisallow /x", True),
    ("User-agent *\nDisallow: /x", True),
    ("User-agent: *\nDissalow: /x", True),
    ("User-agent: *\nDisallow:/x", True),
    ("User-agent: *\nDisallow: /x/y\nDisallow: /x" + " " * 20_000, True),
    ("User-agent: *\nDisallow: /" + "y" * 20_000 + "\nDisallow: /x", True),
    ("<html><body>User-agent: *\nDisallow: /</body></html>", False),
    ("", False),
]


@pytest.mark.parametrize(("text", "shut"), GROUPS)
def test_group_that_counts(text: str, shut: bool) -> None:
    """We would take another crawler's rules for ours, or miss our own."""
    assert rules(text).allows("/x") is not shut


def test_agent_without_token_is_general() -> None:
    """An empty token would equal the token of a line that names none."""
    found = parse_robots(b"User-agent: (none)\nDisallow: /y\n\nUser-agent: *\nDisallow: /x", "")
    assert not found.allows("/x")
    assert found.allows("/y")


@pytest.mark.parametrize(
    ("lines", "delay_ms"),
    [
        ("Crawl-delay: 10", 10_000),
        ("Crawl-delay: 0.5", 500),
        ("crawl-delay: .5 # half", 500),
        ("Crawl-delay: 5s", 5_000),
        ("Crawl-delay: 0", 0),
        ("Crawl-delay: 1\nCrawl-delay: 3\nCrawl-delay: 2", 3_000),
        ("Crawl-delay: -1", None),
        ("Crawl-delay: soon", None),
        ("Crawl-delay: inf", None),
        ("Crawl-delay: nan", None),
        ("Crawl-delay:", None),
        ("Crawl-delay: \u0661", None),
        ("Crawl-delay: 999999999999999999999999999", 999_999_999_000),
        ("Disallow: /", None),
    ],
)
def test_crawl_delay(lines: str, delay_ms: int | None) -> None:
    """Garbage would raise or stop a crawl; the smaller of two delays would be used."""
    found = rules(f"User-agent: *\n{lines}\n").crawl_delay_ms
    assert found == (None if delay_ms is None else min(delay_ms, 1_000_000_000))


def test_crawl_delay_is_of_our_group_alone() -> None:
    """The general delay would be added to ours."""
    text = "User-agent: *\nCrawl-delay: 10\n\nUser-agent: quasicrawler\nDisallow: /x\n"
    assert rules(text).crawl_delay_ms is None


def test_a_sitemap_between_agents_closes_no_head() -> None:
    """Half of the agents of a group would be free of its rules."""
    body = b"User-agent: quasicrawler\nSitemap: https://h/s.xml\nUser-agent: other\nDisallow: /"
    assert not parse_robots(body, "QuasiCrawler").allows("/x")


def test_sitemaps_belong_to_no_group() -> None:
    """Sitemaps of other groups' places would be missed."""
    text = "Sitemap: http://h/a\nUser-agent: x\nDisallow: /\nsitemap:http://h/b?c#d\nSitemap:\n"
    assert rules(text).sitemaps == ("http://h/a", "http://h/b?c")


def test_deciding_line_is_named() -> None:
    """`explain` could not say why."""
    found = rules("User-agent: *\n\nDisallow: /a\nAllow: /a/b*\n# x\nDisallow: /a/b/%zz\x07$")
    assert str(found.deciding_line("/a/x")) == "line 3: Disallow: /a"
    assert str(found.deciding_line("/a/b/c")) == "line 4: Allow: /a/b*"
    assert str(found.deciding_line("/a/b/%zz%07")) == "line 6: Disallow: /a/b/%zz%07$"
    assert found.deciding_line("/b") is None


def test_latin_bytes_are_rules_too() -> None:
    """Bytes that are no UTF-8 would raise, or match nothing."""
    assert not rules(b"User-agent: *\nDisallow: /caf\xe9").allows("/caf%E9")


def test_normal_form_is_a_fixed_point() -> None:
    """A form of a form would be compared with a form."""
    target = "/a*b$c%41%2f%zz?x={y}|%e3%83%84"
    assert normal_form(normal_form(target)) == normal_form(target)


def test_backoff_doubles_to_an_hour() -> None:
    """An origin would be asked hot, or a shift by a large count would take all memory."""
    assert [backoff_ms(60_000, n) for n in (0, 1, 2, 5, 6, 10**9, -1)] == [
        *(60_000, 120_000, 240_000, 1_920_000, 3_600_000, 3_600_000, 60_000)
    ]
