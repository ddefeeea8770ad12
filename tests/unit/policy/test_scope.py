"""Which URLs belong to a crawl, and which rule says so."""

import pytest

from crawler.errors import ConfigError
from crawler.model.plan import ScopeMode
from crawler.policy.scope import Scope

SEED = "https://docs.example.co.uk/guide/start.html?x=/y/z"


@pytest.mark.parametrize(
    ("mode", "inside", "outside"),
    [
        ("page", [SEED], ["https://docs.example.co.uk/guide/start.html"]),
        (
            "prefix",
            [
                SEED,
                "https://docs.example.co.uk/guide/",
                "http://docs.example.co.uk/guide/a/b",
            ],
            [
                "https://docs.example.co.uk/guide",
                "https://docs.example.co.uk/guides/a",
                "https://docs.example.co.uk/other?u=/guide/",
                "https://docs.example.co.uk:8443/guide/",
                "https://evil.example/guide/",
            ],
        ),
        (
            "host",
            [SEED, "http://docs.example.co.uk/", "https://docs.example.co.uk/else"],
            [
                "https://docs.example.co.uk:8443/",
                "https://www.docs.example.co.uk/",
                "https://docs.example.co.uk.evil.example/",
            ],
        ),
        (
            "domain",
            [SEED, "http://example.co.uk/", "https://a.b.example.co.uk:8443/"],
            ["https://other.co.uk/", "https://co.uk/", "https://notexample.co.uk/"],
        ),
        ("any", [SEED, "http://anything.example/"], []),
    ],
)
def test_modes(mode: ScopeMode, inside: list[str], outside: list[str]) -> None:
    """The crawl would leave what its user meant, or stop short of it."""
    scope = Scope(mode, [SEED])
    assert [url for url in inside if scope.refusal(url) is not None] == []
    assert [url for url in outside if scope.refusal(url) != "scope"] == []


@pytest.mark.parametrize(
    ("seed", "inside", "outside"),
    [
        ("http://127.0.0.1:8000/", "http://127.0.0.1:9000/", "http://127.0.0.2/"),
        ("http://[::1]:8000/", "http://[::1]/", "http://[::2]/"),
        ("http://localhost/", "http://localhost:81/", "http://otherhost/"),
        ("http://foo.github.io/", "http://foo.github.io/x", "http://bar.github.io/"),
        ("http://example.com./", "http://www.example.com/", "http://example.org/"),
    ],
)
def test_a_domain_is_registrable_or_the_host_itself(seed: str, inside: str, outside: str) -> None:
    """Half of the address space, or all sites of one provider, would be one domain."""
    scope = Scope("domain", [seed])
    assert scope.refusal(inside) is None
    assert scope.refusal(outside) == "scope"


def test_a_root_widens_the_scope() -> None:
    """A seed that redirects to another host would end the crawl after one page."""
    for mode in ("page", "prefix", "host", "domain"):
        scope = Scope(mode, ["http://a.example/x/"])
        assert scope.refusal("http://b.test/y/") == "scope"
        scope.add_root("http://b.test/y/")
        assert scope.refusal("http://b.test/y/") is None
        assert scope.refusal("http://a.example/x/") is None


def test_a_scope_without_roots_refuses_all() -> None:
    """Without a seed, everything would be in."""
    for mode in ("page", "prefix", "host", "domain"):
        assert Scope(mode).refusal("http://a.example/") == "scope"


def test_globs_narrow_the_mode() -> None:
    """A user's globs would be ignored, or would widen the crawl beyond its scope."""
    scope = Scope("host", ["http://h/"], ["*/blog/*", "http://h/a?b=*"], ["*.pdf", "*/blog/old/*"])
    assert scope.refusal("http://h/blog/x") is None
    assert scope.refusal("http://h/a?b=1") is None
    assert scope.refusal("http://h/axb=1") == "include"
    assert scope.refusal("http://h/shop") == "include"
    assert scope.refusal("http://h/blog/x.pdf") == "exclude"
    assert scope.refusal("http://h/blog/old/x") == "exclude"
    assert scope.refusal("http://other/blog/x") == "scope"


@pytest.mark.parametrize(
    ("glob", "url", "matches"),
    [
        ("*", "http://h/", True),
        ("http://h/a", "http://h/a", True),
        ("http://h/a", "http://h/ab", False),
        ("http://h/a*a", "http://h/a", False),
        ("http://h/a*a", "http://h/aa", True),
        ("http://h/*b*b", "http://h/ab", False),
        ("http://h/*b*b", "http://h/abb", True),
        ("*ab*ab*", "http://h/aab/ab", True),
        ("*.html", "http://h/x.html?y", False),
        ("*[x]*", "http://h/x", False),
        ("http*://h/**/x", "https://h/a/b/x", True),
    ],
)
def test_a_glob_is_matched_against_the_whole_url(glob: str, url: str, matches: bool) -> None:
    """A pattern would match more, or less, than what it spells."""
    assert Scope("any", include=[glob]).refusal(url) == (None if matches else "include")


@pytest.mark.parametrize("glob", ["", "/blog/*", "example.com/*", "ftp://h/*"])
def test_a_glob_that_can_match_nothing_is_refused(glob: str) -> None:
    """A crawl with `--include /blog/*` would silently fetch its seed and nothing else."""
    with pytest.raises(ConfigError, match="glob"):
        Scope("host", exclude=[glob])


def test_globs_take_linear_time() -> None:
    """One long URL would hold up a reader for ever: with backtracking this test does not end."""
    scope = Scope("any", exclude=["*" + "a*" * 40 + "b"])
    assert scope.refusal("http://h/" + "a" * 2000) is None


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://h/x", "allowed: in --scope host, matches --include http*x*"),
        ("http://i/x", "refused: host i is no seed's host (--scope host)"),
        ("http://h/x.pdf", "refused: matches --exclude *.pdf"),
        ("http://h/y", "refused: matches no --include"),
    ],
)
def test_the_deciding_rule_is_named(url: str, rule: str) -> None:
    """A user could not find out why a page is missing."""
    assert Scope("host", ["http://h/"], ["http*x*"], ["*.zip", "*.pdf"]).explain(url) == rule


def test_each_mode_explains_itself() -> None:
    """The explanation would name a rule that did not decide."""
    explanations = {
        mode: Scope(mode, ["http://a.example/x/"]).explain("http://b.test/y/z")
        for mode in ("page", "prefix", "domain", "any")
    }
    assert explanations == {
        "page": "refused: it is no seed (--scope page)",
        "prefix": "refused: b.test/y/ is in no seed's folder (--scope prefix)",
        "domain": "refused: domain b.test is no seed's domain (--scope domain)",
        "any": "allowed: in --scope any",
    }
