"""The set of known URLs may forget, but must never swallow a link."""

import pytest

from crawler.pipeline import known as module
from crawler.pipeline.known import KnownUrls


def test_a_known_url_is_not_fresh_and_others_keep_their_order() -> None:
    known = KnownUrls(by_depth=False)
    known.add(["http://h/b"], 3)
    assert known.fresh(["http://h/c", "http://h/b", "http://h/a"], 1) == [
        "http://h/c",
        "http://h/a",
    ]


def test_with_a_depth_limit_a_shallower_sighting_is_fresh() -> None:
    """Or a URL first met too deep would never be revived."""
    known = KnownUrls(by_depth=True)
    known.add(["http://h/a"], 3)
    assert known.fresh(["http://h/a"], 2) == ["http://h/a"]
    assert known.fresh(["http://h/a"], 3) == []
    known.add(["http://h/a"], 2)
    known.add(["http://h/a"], 5)
    assert known.fresh(["http://h/a"], 2) == []


def test_a_refused_url_stays_refused_at_any_depth() -> None:
    known = KnownUrls(by_depth=True)
    known.add(["http://other/"], -1)
    assert known.fresh(["http://other/"], 1) == []


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CHARACTERS", 100)
    known = KnownUrls(by_depth=False)
    known.add(["http://h/" + "x" * 200], 1)
    assert known.fresh(["http://h/" + "x" * 200], 1)
