"""The summary as a person sees it: stable text, and nothing from the web that moves the cursor."""

import pytest

from crawler.cli.looking.report import Report
from crawler.cli.looking.summary import Summary
from crawler.cli.looking.view import plain, rich_tables
from crawler.cli.printable import cells, crop, printable
from crawler.cli.records.files import Tally
from crawler.cli.wording import duration, size
from tests.support.records import record


def report(*records: dict[str, object], tally: Tally | None = None, samples: int = 5) -> Report:
    summary = Summary(samples)
    for one in records:
        summary.add(one)
    return summary.report(tally or Tally(files=1, read_bytes=2048))


SMALL = report(
    record(url="http://a.example/", title="Front  page", elapsed_ms=8, bytes=1200),
    record(url="http://a.example/x", depth=1, status=404, title=None, elapsed_ms=410, bytes=90),
    record(
        url="http://b.example/日本",
        depth=1,
        title="灯台からの手紙",
        fetched_at="2026-03-01T10:00:04.000Z",
        lang="ja",
        content_hash="11" * 32,
        bytes=2_500_000,
    ),
    record(
        url="http://b.example/gone",
        depth=2,
        status=None,
        error="timeout",
        content_type=None,
        attempts=4,
        bytes=None,
        elapsed_ms=None,
        title=None,
        lang=None,
        links=[],
    ),
    tally=Tally(files=2, read_bytes=5120, torn_lines=1),
)

GOLDEN = """\
  records           4 in 2 files, 5.1 kB
  fetched           2026-03-01T10:00:00Z to 2026-03-01T10:00:04Z
  in                4.0 s, 1.0 records/s
  bodies            2.5 MB, 625.3 kB on average
  answered in       12 ms median, 410 ms at 95 %
  links             6, 2 per record
  tried again       1
  unfinished lines  1, left out

Status
  200 OK         2  50.0 %
  404 Not Found  1  25.0 %  http://a.example/x
  no answer      1  25.0 %

Errors
  timeout  1  25.0 %  http://b.example/gone

Types
  text/html  3  75.0 %
  none       1  25.0 %

Hosts
  a.example  2  50.0 %
  b.example  2  50.0 %

Depth
  0  1  25.0 %
  1  2  50.0 %
  2  1  25.0 %

Sizes
  below 1 kB  1  25.0 %
  1 to 10 kB  1  25.0 %
  1 to 10 MB  1  25.0 %

Languages
  en  2  50.0 %
  ja  1  25.0 %

Slowest
  410 ms  404  http://a.example/x
   12 ms  200  http://b.example/日本
    8 ms  200  http://a.example/

Largest
    2.5 MB  200  http://b.example/日本
    1.2 kB  200  http://a.example/
  90 bytes  404  http://a.example/x

Samples
  200      0  Front page      http://a.example/
  404      1  -               http://a.example/x
  200      1  灯台からの手紙  http://b.example/日本
  timeout  2  -               http://b.example/gone"""


def test_the_whole_text():
    """The first thing a new user sees of a crawl; a change to it should be meant."""
    assert "\n".join(plain(SMALL, None)) == GOLDEN


@pytest.mark.parametrize("width", [1, 12, 40, 80])
def test_no_line_is_wider_than_the_terminal(width):
    """Wrapped lines turn a table into noise, and wide letters count twice."""
    assert max(map(cells, plain(SMALL, width))) <= width


@pytest.mark.parametrize("width", [72, 80, 200])
def test_the_coloured_tables_fit_and_say_the_same(width):
    from rich.console import Console

    console = Console(width=width, force_terminal=True, highlight=False)
    with console.capture() as capture:
        for table in rich_tables(SMALL):
            console.print(table)
    drawn = capture.get()
    assert "\x1b[32m200 OK" in drawn
    assert "\x1b[31mtimeout" in drawn
    assert "灯台からの手紙" in drawn
    assert "█" in drawn


def test_markup_in_a_title_is_text():
    """A page called `[red]` must neither colour the table nor break it."""
    from rich.console import Console

    console = Console(width=100, highlight=False)
    with console.capture() as capture:
        for table in rich_tables(report(record(title="[red]a[/blue]"))):
            console.print(table)
    assert "[red]a[/blue]" in capture.get()


NASTY = "a\x1b[31m\r\nb\u202ec\u2066\x07\u2028\x9b2J\u200b"


def test_nothing_from_a_page_reaches_the_terminal_raw():
    """A title could clear the screen, or write a line that looks like ours."""
    one = record(
        url=f"http://{NASTY}/{NASTY}",
        title=NASTY,
        error=NASTY,
        content_type=NASTY,
        lang=NASTY,
        status=NASTY,
        fields={NASTY: 1},
    )
    for text in plain(report(one), None):
        assert text == "" or text.isprintable()
    assert any(r"\u202e" in text for text in plain(report(one), None))


def test_printable_keeps_what_can_be_read():
    assert printable("  Grüße\u00a0aus\u3000日本 🦉 \n") == "Grüße aus 日本 🦉"
    assert printable("a\tb\x00c") == r"a b\x00c"
    assert printable("\u202eabc") == r"\u202eabc"


def test_crop_counts_columns_not_letters():
    assert crop("灯台からの", 10) == "灯台からの"
    assert crop("灯台からの", 9) == "灯台から…"
    assert crop("灯台からの", 4) == "灯…"
    assert crop("abc", 0) == ""
    assert cells("e\u0301") == 1


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_499, "999.5 kB"),
        (999_999, "1.0 MB"),
        (5 * 10**9, "5.0 GB"),
        (2 * 10**15, "2000.0 TB"),
    ],
)
def test_sizes(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (119, "119 s"),
        (120, "2 min 0 s"),
        (3 * 3600 + 61, "3 h 1 min"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_an_estimate_says_so():
    """A figure that is not exact must not look as if it were."""
    from dataclasses import replace

    from crawler.cli.looking.report import Counts, Seen

    rough = replace(
        SMALL,
        urls=Seen(distinct=3_000_000, repeated=2_000, exact=False),
        hosts=Counts(distinct=20_000, exact=False, top=SMALL.hosts.top),
    )
    lines = plain(rough, None)
    assert "  same URL twice    about 2,000 of 3,002,000 URLs" in lines
    assert "Hosts (2 of 20,000 or more)" in lines


def test_keys_are_listed_for_records_of_other_crawlers():
    lines = plain(report({"price": 1}, {"price": 2, "name": "x"}), None)
    assert lines[lines.index("Keys") + 1 :][:2] == ["  price  2  100.0 %", "  name   1   50.0 %"]
    assert "Status" not in lines
