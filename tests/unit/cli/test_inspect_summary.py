"""What `crawler inspect` counts, and that no stream can make it hold all of it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from crawler.cli.looking.report import Count, Report
from crawler.cli.looking.summary import Summary
from crawler.cli.looking.tally import BoundedCounter, Largest, Quantiles, Repeats, Sample
from crawler.cli.records.files import Tally, find_sources, read_records
from crawler.errors import ConfigError
from tests.support.records import record


def summarise(records: Iterable[dict[str, Any]], samples: int = 5) -> Report:
    summary = Summary(samples)
    for one in records:
        summary.add(one)
    return summary.report(Tally())


def rows(counts: Any) -> dict[str, int]:
    return {row.name: row.records for row in counts.top}


def test_records_of_ours_are_counted_by_every_key_that_is_shown():
    """A column that counts another key would mislead without anybody seeing it."""
    report = summarise(
        [
            record(url="http://a.example/", depth=0, elapsed_ms=30, bytes=1000),
            record(url="http://a.example/x", depth=1, status=404, bytes=50, links=[]),
            record(url="http://b.example:81/", depth=1, status=301, content_type=None, bytes=0),
            record(
                url="http://b.example:81/y",
                depth=25,
                status=None,
                error="timeout",
                attempts=4,
                content_type=None,
                bytes=None,
                content_hash=None,
                elapsed_ms=None,
                lang=None,
                links=[],
            ),
        ]
    )
    assert report.records == 4
    assert rows(report.status) == {"200": 1, "301": 1, "404": 1, "none": 1}
    assert rows(report.types) == {"text/html": 2, "none": 2}
    assert rows(report.hosts) == {"a.example": 2, "b.example:81": 2}
    assert rows(report.depths) == {"0": 1, "1": 2, "20+": 1}
    assert report.errors.top == [Count(name="timeout", records=1, example="http://b.example:81/y")]
    assert rows(report.languages) == {"en": 3}
    assert report.body_bytes == 1050
    assert report.links == 4
    assert (report.retried, report.truncated, report.foreign_records) == (1, 0, 0)
    assert [row.example for row in report.status.top] == [None, None, "http://a.example/x", None]


def test_sizes_are_counted_by_powers_of_ten():
    """The mean alone hides a few pages that are most of the crawl."""
    sizes = (None, 0, 1, 999, 1_000, 99_999, 100_000, 9_999_999, 10_000_000)
    report = summarise(record(bytes=size) for size in sizes)
    assert list(rows(report.sizes).items()) == [
        ("below 1 kB", 2),
        ("1 to 10 kB", 1),
        ("10 to 100 kB", 1),
        ("100 kB to 1 MB", 1),
        ("1 to 10 MB", 1),
        ("10 MB or more", 1),
    ]


def test_depths_and_statuses_stand_in_their_own_order():
    """Sorted as text, depth 10 would come before depth 2."""
    report = summarise(record(depth=depth) for depth in (10, 2, 2, 30, 0, 10, 10))
    assert list(rows(report.depths)) == ["0", "2", "10", "20+"]


def test_same_bodies_count_only_where_a_page_was_served():
    """All 404 pages of a site are alike; calling them duplicates would hide the real ones."""
    same = {"content_hash": "ab" * 32, "bytes": 10}
    report = summarise(
        [
            record(url="http://a.example/1", **same),
            record(url="http://a.example/2", **same),
            record(url="http://a.example/3", status=404, **same),
            record(url="http://a.example/4", content_hash="cd" * 32, bytes=0),
        ]
    )
    assert (report.contents.distinct, report.contents.repeated) == (1, 1)


def test_a_second_visit_is_no_repeat_and_a_second_record_of_one_visit_is():
    """The promise is one record per visit, so this is where a broken one would show."""
    url = "http://a.example/"
    visits = summarise([record(url=url, visit=1), record(url=url, visit=2)])
    assert (visits.urls.distinct, visits.urls.repeated) == (2, 0)
    twice = summarise([record(url=url, visit=2), record(url=url, visit=2)])
    assert (twice.urls.distinct, twice.urls.repeated) == (1, 1)


def test_time_runs_from_the_first_fetch_to_the_last_whatever_the_order():
    """Parts of several readers interleave; the first line is not the first fetch."""
    report = summarise(
        record(fetched_at=f"2026-03-01T10:00:{second}Z")
        for second in ("05.500", "01.000", "11.000")
    )
    assert report.span is not None
    assert report.span.first == "2026-03-01T10:00:01Z"
    assert report.span.last == "2026-03-01T10:00:11Z"
    assert (report.span.seconds, report.span.records_per_second) == (10.0, 0.3)


def test_one_record_has_no_rate():
    report = summarise([record()])
    assert report.span is not None
    assert report.span.records_per_second is None


def test_records_of_other_crawlers_are_read_by_their_own_names():
    """`inspect` is the first thing tried on any file; one that shows nothing is never run again."""
    report = summarise(
        [
            {"request_url": "https://A.example/p?q", "status_code": "200", "price": 3},
            {"uri": "https://u:p@a.example?x", "statusCode": 500, "mime": "text/HTML; a=b"},
            {"price": 4, "timestamp": "2026-03-01 10:00:00"},
        ]
    )
    assert report.foreign_records == 3
    assert rows(report.hosts) == {"a.example": 2}
    assert rows(report.status) == {"200": 1, "500": 1, "none": 1}
    assert rows(report.types) == {"text/html": 1, "none": 2}
    assert rows(report.fields)["price"] == 2
    assert report.span is not None
    assert report.span.first == "2026-03-01T10:00:00Z"


@pytest.mark.parametrize("value", [None, True, -1, 1.5, "", "x", [], {}, [None], {"a": {}}, 10**30])
def test_no_value_of_any_key_stops_it(value):
    """One odd record among millions must not end the summary of all others."""
    keys = [*record(), "status_code", "uri"]
    for one in (dict.fromkeys(keys, value), {"final_url": value}, {"url": value}, {}):
        assert summarise([one]).records == 1


def test_extracted_fields_are_counted_where_they_have_a_value():
    report = summarise(
        [record(fields={"price": 3, "name": ""}), record(fields={"price": 0, "name": None})]
    )
    assert rows(report.fields) == {"price": 2}


def test_slowest_and_largest_keep_the_greatest():
    report = summarise(
        record(url=f"http://a.example/{n}", elapsed_ms=n * 37 % 101, bytes=n * 53 % 103)
        for n in range(100)
    )
    assert [found.value for found in report.slowest] == [100, 99, 98, 97, 96]
    assert report.slowest[0].url == next(
        f"http://a.example/{n}" for n in range(100) if n * 37 % 101 == 100
    )
    assert [found.value for found in report.largest] == sorted(
        (n * 53 % 103 for n in range(100)), reverse=True
    )[:5]


def test_of_equal_values_the_first_stays():
    """Otherwise the same file in parts of other sizes would show other pages."""
    largest = Largest(2)
    for n in range(5):
        largest.add(7, n, f"u{n}", "200")
    assert [found.url for found in largest] == ["u0", "u1"]


def test_a_bounded_counter_keeps_what_is_frequent():
    """A crawl of the open web has more hosts than memory; the great ones must still be right."""
    counter = BoundedCounter(limit=50)
    for n in range(5000):
        counter.add(f"rare {n}")
        counter.add(f"often {n % 3}")
    assert [name for name, _ in counter.top(3)] == ["often 0", "often 1", "often 2"]
    assert sum(count for _, count in counter.top(3)) == 5000
    assert len(counter) < 100
    assert not counter.exact
    assert counter.other + sum(count for _, count in counter.top(10**6)) == 10_000


def test_a_bounded_counter_cuts_long_keys():
    counter = BoundedCounter()
    for _ in range(2):
        counter.add("x" * 10_000)
    assert counter.top(9) == [("x" * 200, 2)]


def test_repeats_are_exact_until_there_are_too_many_and_close_after():
    """An estimate that is far off, or memory that grows with the file, would both be useless."""
    exact = Repeats()
    for n in range(1000):
        exact.add(str(n % 900))
    assert (exact.distinct, exact.repeated, exact.exact) == (900, 100, True)
    close = Repeats(limit=2000)
    for n in range(40_000):
        close.add(str(n if n % 2 else n - n % 4))
    assert not close.exact
    assert close.distinct == pytest.approx(30_000, rel=0.1)
    assert close.repeated == pytest.approx(10_000, rel=0.15)


def test_a_sample_is_fair_in_order_and_the_same_every_time():
    """The head of a crawl is its front pages: a sample from there says little."""

    def draw() -> list[int]:
        sample = Sample[int](20)
        for n in range(10_000):
            if sample.wants():
                sample.keep(n)
        return list(sample)

    drawn = draw()
    assert drawn == draw() == sorted(drawn)
    assert len(set(drawn)) == 20
    assert sum(n < 5000 for n in drawn) in range(5, 16)
    few = Sample[int](20)
    for n in range(3):
        assert few.wants()
        few.keep(n)
    assert list(few) == [0, 1, 2]
    assert not Sample[int](0).wants()


def test_quantiles_are_right_to_two_digits():
    times = Quantiles()
    for n in range(1, 10_001):
        times.add(n)
    assert times.at(0.5) == pytest.approx(5000, rel=0.1)
    assert times.at(0.95) == pytest.approx(9500, rel=0.1)
    assert Quantiles().at(0.5) is None


def read(path: Path, limit: int | None = None) -> tuple[list[dict[str, Any]], Tally]:
    from crawler.cli.records.files import Source

    tally = Tally()
    return list(read_records(Source(path, limit), tally)), tally


def test_lines_that_are_no_objects_are_counted_and_passed_over(tmp_path):
    """A file that was damaged in one place is still worth a summary."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n\n  \n[1]\nnot json\n{"a": \xff}\r\n{"a": 2}\r\n')
    found, tally = read(path)
    assert found == [{"a": 1}, {"a": 2}]
    assert (tally.invalid_lines, tally.torn_lines) == (3, 0)
    assert tally.read_bytes == path.stat().st_size


def test_an_unfinished_last_line_is_no_damage(tmp_path):
    """A crawl that is running has one most of the time."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": ')
    found, tally = read(path)
    assert found == [{"a": 1}]
    assert (tally.invalid_lines, tally.torn_lines) == (0, 1)


def test_a_last_line_without_its_newline_counts_when_it_is_whole(tmp_path):
    """Many tools write no newline at the end."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": 2}')
    assert read(path)[0] == [{"a": 1}, {"a": 2}]


def test_only_committed_bytes_are_read(tmp_path):
    """Lines after the committed offset may vanish, and their pages be fetched again."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": 2}\n{"a": 3}\n')
    found, tally = read(path, limit=18)
    assert found == [{"a": 1}, {"a": 2}]
    assert (tally.torn_lines, tally.read_bytes) == (0, 18)


def test_a_line_too_long_to_hold_is_passed_over(tmp_path, monkeypatch):
    """A binary file of many gigabytes has no line ends: it must not be read into memory."""
    monkeypatch.setattr("crawler.cli.records.files._LINE_BYTES", 100)
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"x" * 1000 + b'\n{"a": 1}\n' + b"y" * 1000)
    found, tally = read(path)
    assert found == [{"a": 1}]
    assert tally.invalid_lines == 2


def test_a_directory_stands_for_its_jsonl_files_in_order_and_each_once(tmp_path):
    """A file that is named twice would double every count."""
    (tmp_path / "pages").mkdir()
    for name in ("pages/part-000002.jsonl", "pages/part-000001.jsonl", "notes.txt"):
        (tmp_path / name).write_text("{}\n")
    direct = [source.path for source in find_sources([tmp_path / "pages"], Tally())]
    assert [path.name for path in direct if path] == ["part-000001.jsonl", "part-000002.jsonl"]
    both = find_sources([tmp_path, tmp_path / "pages", direct[0] or tmp_path], Tally())
    assert [source.path for source in both] == direct


def test_a_missing_path_is_the_users_mistake(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.jsonl does not exist"):
        find_sources([tmp_path / "nowhere.jsonl"], Tally())


def test_an_unreadable_file_is_one_clear_line(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({}))
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match=r"cannot read .*x\.jsonl: Permission denied"):
        read(path)
