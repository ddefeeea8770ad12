"""Which records the filters let pass, and that no regex holds the command up for days."""

from typing import Any

import pytest

from crawler.cli import record_filter
from crawler.cli.record_filter import RecordFilter, Wishes
from crawler.errors import ConfigError
from tests.support.records import record

NO_ANSWER = {"status": None, "error": "timeout"}


def passes(found: dict[str, Any], **wishes: Any) -> bool:
    return RecordFilter(Wishes(**wishes))(found)


@pytest.mark.parametrize(
    ("values", "found", "expected"),
    [
        (["404"], 404, True),
        (["404"], 403, False),
        (["4xx"], 499, True),
        (["4XX"], 500, False),
        (["400-404", "500"], 403, True),
        (["400-404", "500"], 500, True),
        (["400-404", "500"], 405, False),
        (["none"], None, True),
        (["none"], 200, False),
        (["200"], None, False),
    ],
)
def test_statuses_are_codes_classes_and_ranges_and_any_of_them_will_do(values, found, expected):
    assert passes(record(status=found), statuses=values) is expected


@pytest.mark.parametrize(
    ("host", "url", "expected"),
    [
        ("a.example", "http://a.example/x", True),
        ("A.example", "https://a.example:8443/x", True),
        ("a.example:8443", "https://a.example:8443/x", True),
        ("a.example:8443", "https://a.example/x", False),
        ("a.example", "http://www.a.example/", False),
        ("*.a.example", "http://www.a.example/", True),
        ("*.a.example", "http://a.example/", True),
        ("*.a.example", "http://nota.example/", False),
        ("a.example", "http://b.example/http://a.example/", False),
        ("a.example", "http://a.example@b.example/", False),
    ],
)
def test_a_host_is_the_whole_host(host, url, expected):
    """What is not the host's own must not count as its: a part of the name is another site."""
    assert passes(record(url=url), hosts=[host]) is expected


def test_errors_are_words_and_any_and_none():
    assert passes(record(**NO_ANSWER), errors=["dns", "timeout"])
    assert not passes(record(**NO_ANSWER), errors=["dns"])
    assert passes(record(**NO_ANSWER), errors=["any"])
    assert not passes(record(), errors=["any"])
    assert passes(record(), errors=["none"])


def test_depths_are_numbers_and_ranges():
    assert passes(record(depth=2), depths=["2"])
    assert passes(record(depth=3), depths=["0-3"])
    assert not passes(record(depth=4), depths=["0-3", "5"])


def test_kinds_must_all_be_satisfied():
    found = record(status=404, depth=2)
    assert passes(found, statuses=["404"], depths=["2"])
    assert not passes(found, statuses=["404"], depths=["1"])


def test_since_compares_times_however_they_are_written():
    """A crawler that writes other zones would else be off by hours."""
    since = "2026-03-01T12:00:00Z"
    assert passes(record(fetched_at="2026-03-01T12:00:00.000Z"), since=since)
    assert not passes(record(fetched_at="2026-03-01T11:59:59.999Z"), since=since)
    assert not passes({"url": "x", "timestamp": "2026-03-01T13:00:00+02:00"}, since=since)
    assert passes({"url": "x", "timestamp": "2026-03-01T13:00:00"}, since=since)
    assert not passes({"url": "x"}, since=since)


def test_grep_looks_at_url_title_and_text():
    for key in ("url", "title", "text"):
        assert passes(record(**{key: "about zebras"}), grep="z.bra")
    assert not passes(record(description="about zebras", text=None), grep="zebra")


def test_a_regex_that_never_ends_is_refused(monkeypatch):
    """One such record would keep the command busy longer than the crawl took."""
    monkeypatch.setattr(record_filter, "MAX_SECONDS", 0.05)
    with pytest.raises(ConfigError, match=r"--grep: .* takes more than 0\.05 s on one record"):
        passes(record(text="a" * 5000 + "!"), grep="(a|aa|a?a)+$")


def test_records_of_other_crawlers_are_filtered_by_what_they_call_it():
    other = {"uri": "http://a.example/", "statusCode": "404", "body": "zebra"}
    assert passes(other, statuses=["4xx"], hosts=["a.example"], grep="zebra")
    assert not passes(other, statuses=["200"])
