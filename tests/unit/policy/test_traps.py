"""URLs that only a loop can have made."""

import pytest

from crawler.policy.traps import MAX_HOPS, refusal


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://h/", None),
        ("http://h/a/a/a/", None),
        ("http://h/a/a/a/a", "path_repetition"),
        ("http://h/a/b/a/b/a/b/a/", "path_repetition"),
        ("http://h/a/b/a/b/a/b/?x=a/a/a/a/a/a/a", None),
        ("http://h/" + "/".join(map(str, range(20))), None),
        ("http://h/" + "/".join(map(str, range(20))) + "/", None),
        ("http://h/" + "/".join(map(str, range(21))), "path_segments"),
        ("http://h/?" + "/".join(map(str, range(50))), None),
        ("http://h/" + "a" * 2074, None),
        ("http://h/" + "a" * 2075, "url_length"),
    ],
)
def test_refusals(url: str, reason: str | None) -> None:
    """A loop of links would fill the frontier; or a page with a deep path would be lost."""
    assert refusal(url, 1) == reason


def test_an_endless_chain_of_pages_ends() -> None:
    """A calendar's link to the next month would be followed for ever."""
    assert refusal("http://h/?month=9", MAX_HOPS) is None
    assert refusal("http://h/?month=9", MAX_HOPS + 1) == "hops"
