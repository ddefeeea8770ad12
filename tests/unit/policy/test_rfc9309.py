"""RFC 9309, statement by statement: what a robots.txt says about a URL to an agent.

What a *status* means (section 2.3.1), size (2.5), redirects and caching (2.4) are about requests:
`tests/component/test_robots_fetch.py` has them, at sockets.
"""

from typing import NamedTuple

import pytest

from crawler.model.url import request_target
from crawler.policy.canonicalization import canonicalize
from crawler.policy.robots import parse_robots


class Row(NamedTuple):
    section: str
    statement: str
    robots: str
    agent: str
    url: str
    allowed: bool


SIMPLE = "User-agent: ExampleBot\nDisallow: /foo\nDisallow: /bar\n\nUser-agent: *\nDisallow: /\n"
MERGED = (
    "user-agent: ExampleBot\ndisallow: /foo\ndisallow: /bar\n\n"
    "user-agent: ExampleBot\ndisallow: /baz\n"
)
LONGEST = "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n"
SPECIAL = "User-agent: *\nAllow: /this/*/exactly\nDisallow: /this\n\n"
GIFS = (
    "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n"
    "User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n"
    "User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\n"
    "User-Agent: quxbot\n"
)


def rule(line: str) -> str:
    return f"User-agent: *\n{line}\n"


ROWS = [
    # 2.1 protocol definition
    Row("2.1", "a group begins with user-agent lines", SIMPLE, "ExampleBot", "/foo", False),
    Row("2.1", "rules before any group belong to none", "Disallow: /\n", "ExampleBot", "/x", True),
    Row("2.1", "a group without rules allows", "User-agent: quxbot\n", "quxbot", "/x", True),
    # 2.2 formal syntax
    Row("2.2", "keys in any case", "uSeR-aGeNt: *\ndIsAlLoW: /a\n", "x", "/a", False),
    Row("2.2", "blanks around the colon", "User-agent \t:\t *\nDisallow :\t/a\n", "x", "/a", False),
    Row("2.2", "blanks before the key", "  User-agent: *\n\tDisallow: /a\n", "x", "/a", False),
    Row("2.2", "lines end with CR", "User-agent: *\rDisallow: /a\r", "x", "/a", False),
    Row("2.2", "lines end with LF", "User-agent: *\nDisallow: /a\n", "x", "/a", False),
    Row("2.2", "lines end with CRLF", "User-agent: *\r\nDisallow: /a\r\n", "x", "/a", False),
    Row("2.2", "the last line needs no end", "User-agent: *\nDisallow: /a", "x", "/a", False),
    Row("2.2", "a comment after a rule", rule("Disallow: /a # b"), "x", "/a", False),
    Row("2.2", "a comment is no part of the path", rule("Disallow: /a#b"), "x", "/a", False),
    Row("2.2", "a line of comment", rule("# Disallow: /a"), "x", "/a", True),
    Row("2.2", "an empty pattern matches nothing", rule("Disallow:"), "x", "/a", True),
    Row("2.2", "UTF-8 in a pattern", rule("Disallow: /ツ"), "x", "/ツ", False),
    Row(
        "2.2", "a byte order mark is no text", "\ufeffUser-agent: *\nDisallow: /\n", "x", "/", False
    ),
    Row("2.2", "blank lines do not end a group", rule("\n\nDisallow: /a"), "x", "/a", False),
    Row("2.2", "lines that are none are passed over", rule("what\nDisallow: /a"), "x", "/a", False),
    # 2.2.1 the user-agent line
    Row("2.2.1", "the token in any case", SIMPLE, "examplebot", "/foo", False),
    Row("2.2.1", "the token in any case", SIMPLE, "EXAMPLEBOT", "/baz", True),
    Row("2.2.1", "groups of one token are one", MERGED, "ExampleBot", "/foo", False),
    Row("2.2.1", "groups of one token are one", MERGED, "ExampleBot", "/bar", False),
    Row("2.2.1", "groups of one token are one", MERGED, "ExampleBot", "/baz", False),
    Row("2.2.1", "groups of one token are one", MERGED, "ExampleBot", "/qux", True),
    Row("2.2.1", "without a group of its own: *", SIMPLE, "OtherBot", "/x", False),
    Row("2.2.1", "its own group, not * as well", SIMPLE, "ExampleBot", "/x", True),
    Row("2.2.1", "no group and no *: no rules", MERGED, "OtherBot", "/foo", True),
    Row("2.2.1", "a longer token is another", SIMPLE, "ExampleBot-News", "/x", False),
    Row("2.2.1", "a shorter token is another", SIMPLE, "Example", "/x", False),
    Row(
        "2.2.1",
        "a version is no part of it",
        SIMPLE.replace("Bot", "Bot/1.0"),
        "ExampleBot",
        "/foo",
        False,
    ),
    Row("2.2.1", "several lines for one group", GIFS, "bazbot", "/example/page.html", False),
    Row("2.2.1", "several lines for one group", GIFS, "barbot", "/example/page.html", False),
    # 2.2.2 allow and disallow
    Row("2.2.2", "the start of the path decides", rule("Disallow: /a"), "x", "/abc/d", False),
    Row("2.2.2", "the case of a path counts", rule("Disallow: /a"), "x", "/A", True),
    Row("2.2.2", "the query is part of it", rule("Disallow: /a?b"), "x", "/a?b=c", False),
    Row("2.2.2", "the query is part of it", rule("Disallow: /a?b"), "x", "/a?c", True),
    Row("2.2.2", "the most octets win", LONGEST, "foobot", "/example/page/disallowed.gif", False),
    Row("2.2.2", "the most octets win", LONGEST, "foobot", "/example/page/", True),
    Row("2.2.2", "order does not count", rule("Disallow: /\nAllow: /a"), "x", "/a", True),
    Row("2.2.2", "order does not count", rule("Allow: /a\nDisallow: /"), "x", "/a", True),
    Row("2.2.2", "allow wins a tie", rule("Disallow: /a\nAllow: /a"), "x", "/a", True),
    Row("2.2.2", "no match: allowed", rule("Disallow: /a"), "x", "/b", True),
    Row("2.2.2", "/robots.txt is allowed", rule("Disallow: /"), "x", "/robots.txt", True),
    Row(
        "2.2.2",
        "octets beyond ASCII are encoded",
        rule("Disallow: /a/ツ"),
        "x",
        "/a/%E3%83%84",
        False,
    ),
    Row(
        "2.2.2",
        "octets beyond ASCII are encoded",
        rule("Disallow: /a/%E3%83%84"),
        "x",
        "/a/ツ",
        False,
    ),
    Row("2.2.2", "reserved characters stay encoded", rule("Disallow: /a%2Fb"), "x", "/a/b", True),
    Row(
        "2.2.2", "reserved characters stay encoded", rule("Disallow: /a%2Fb"), "x", "/a%2fb", False
    ),
    Row("2.2.2", "unreserved ones are decoded", rule("Disallow: /%62%61%7A"), "x", "/baz", False),
    Row("2.2.2", "unreserved ones are decoded", rule("Disallow: /baz"), "x", "/%62%61%7A", False),
    Row(
        "2.2.2",
        "the table: baz=https://foo.bar",
        rule("Disallow: /a?u=https://foo.bar"),
        "x",
        "/a?u=https%3A%2F%2Ffoo.bar",
        False,
    ),
    # 2.2.3 special characters
    Row("2.2.3", "# ends a line", rule("Disallow: /a # /b"), "x", "/b", True),
    Row(
        "2.2.3",
        "$ is the end",
        rule("Disallow: /this/path/exactly$"),
        "x",
        "/this/path/exactly",
        False,
    ),
    Row(
        "2.2.3",
        "$ is the end",
        rule("Disallow: /this/path/exactly$"),
        "x",
        "/this/path/exactly/",
        True,
    ),
    Row("2.2.3", "* is anything", SPECIAL, "x", "/this/path/exactly", True),
    Row("2.2.3", "* is anything, nothing too", rule("Disallow: /a*b"), "x", "/ab", False),
    Row("2.2.3", "* crosses slashes", rule("Disallow: /a*b"), "x", "/a/x/y/b", False),
    Row(
        "2.2.3",
        "%2A is a star",
        rule("Disallow: /file-with-a-%2A.html"),
        "x",
        "/file-with-a-*.html",
        False,
    ),
    Row(
        "2.2.3",
        "%2A is no wildcard",
        rule("Disallow: /file-with-a-%2A.html"),
        "x",
        "/file-with-a-b.html",
        True,
    ),
    Row("2.2.3", "%24 is a dollar", rule("Disallow: /foo-%24"), "x", "/foo-$", False),
    Row("2.2.3", "%24 is no end", rule("Disallow: /foo-%24"), "x", "/foo-$/more", False),
    # 2.2.4 other records
    Row(
        "2.2.4", "other records do not disturb", rule("Sitemap: /s\nDisallow: /a"), "x", "/a", False
    ),
    Row(
        "2.2.4",
        "and end no group",
        "User-agent: a\nSitemap: /s\nUser-agent: b\nDisallow: /\n",
        "a",
        "/",
        False,
    ),
    Row(
        "2.2.4",
        "unknown ones neither",
        "User-agent: a\nNoarchive: /s\nDisallow: /\n",
        "a",
        "/",
        False,
    ),
    # 5.1 simple example
    Row("5.1", "the example", GIFS, "anybot", "/a/picture.gif", False),
    Row("5.1", "the example", GIFS, "anybot", "/example/", False),
    Row("5.1", "the example", GIFS, "anybot", "/publications/x", True),
    Row("5.1", "the example", GIFS, "foobot", "/other", False),
    Row("5.1", "the example", GIFS, "foobot", "/example/page.html", True),
    Row("5.1", "the example", GIFS, "foobot", "/example/allowed.gif", True),
    Row("5.1", "the example", GIFS, "barbot", "/example/other", True),
    Row("5.1", "the example", GIFS, "quxbot", "/example/page.html", True),
    # 5.2 longest match
    Row("5.2", "the example", LONGEST, "foobot", "/example/page/disallowed.gif", False),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.section} {row.statement}")
def test_each_statement_holds(row: Row) -> None:
    """A page that its owner forbids would be fetched, or one that is open left out."""
    target = request_target(canonicalize("http://site.example" + row.url))
    rules = parse_robots(row.robots.encode(), row.agent)
    assert rules.allows(target) is row.allowed, rules.deciding_line(target)


def test_every_section_about_matching_has_rows() -> None:
    """A part of the RFC would be left out without anybody seeing it."""
    sections = {row.section for row in ROWS}
    assert sections == {"2.1", "2.2", "2.2.1", "2.2.2", "2.2.3", "2.2.4", "5.1", "5.2"}


def test_a_rule_at_the_very_end_of_the_least_size_counts() -> None:
    """2.5: at least 500 kibibytes have to be parsed."""
    line = b"Disallow: /last\n"
    head = b"User-agent: *\n"
    padding = b"# padding\n" * ((500 * 1024 - len(head) - len(line)) // 10)
    assert not parse_robots(head + padding + line, "x").allows("/last")
