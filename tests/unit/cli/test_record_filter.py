"""Which records the filters let pass, and that no regex holds the command up for days."""

from typing import Any

import pytest

from crawler.cli.records import record_filter
from crawler.cli.records.files import STDIN
from crawler.cli.records.filter_options import make_filter
from crawler.cli.records.record_filter import RecordFilter, Wishes
from crawler.errors import ConfigError
from tests.support.records import record
from tests.support.small_job import SmallJob

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


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        (
            {"errors": ["timeoutt"]},
            r"--error: no error is called 'timeoutt' \(did you mean timeout\?\)",
        ),
        (
            {"errors": ["dns", "404"]},
            "no error is called '404': there are dns, connect, .*, any, none",
        ),
        ({"statuses": ["999999"]}, "--status: no answer has the code 999999: write 100 to 999, or"),
        ({"statuses": ["0"]}, "--status: no answer has the code 0: .* none for those without"),
        ({"statuses": ["90-404"]}, "--status: no answer has the code 90-404"),
        ({"statuses": ["499-400"]}, "--status 499-400: nothing is from 499 to 400: write 400-499"),
        ({"statuses": ["abc"]}, "--status: cannot read 'abc'"),
        ({"statuses": ["٤٠٤"]}, "--status: cannot read"),
        ({"depths": ["3-0"]}, "--depth 3-0: nothing is from 3 to 0: write 0-3"),
    ],
)
def test_what_no_record_can_have_is_refused(wishes, message):
    """Else a slip of the pen looks as if there were no such records."""
    with pytest.raises(ConfigError, match=message):
        RecordFilter(Wishes(**wishes))


def test_answers_that_are_no_standard_can_be_asked_for():
    assert passes(record(status=999), statuses=["999"])


def test_records_of_other_crawlers_may_have_other_words():
    """Scrapy says `twisted.internet.error.TimeoutError`, and some say status 0 for no answer."""
    assert passes({"url": "x", "error": "ETIMEDOUT"}, errors=["etimedout"], is_of_others=True)
    assert passes({"url": "x", "status": 0}, statuses=["0"], is_of_others=True)
    with pytest.raises(ConfigError, match="no answer has the code 999999"):
        RecordFilter(Wishes(statuses=["999999"], is_of_others=True))


def test_only_a_job_is_sure_to_have_our_words(tmp_path):
    made = SmallJob(tmp_path / "crawl")
    made.commit("reader-1", [record(**NO_ANSWER)])
    (tmp_path / "other.jsonl").touch()
    asked: dict[str, Any] = dict.fromkeys(("host", "status", "depth", "since", "grep"))
    for paths in ([made.root], [made.root / "pages"]):
        with pytest.raises(ConfigError, match="no error is called 'refused'"):
            make_filter(paths, **asked, error=["refused"])
    for paths in ([tmp_path / "other.jsonl"], [made.root, tmp_path / "other.jsonl"], [STDIN]):
        assert make_filter(paths, **asked, error=["refused"]) is not None


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
