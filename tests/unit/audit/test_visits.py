"""What counts of several visits, and what a line may hold, in the scratch database of an audit."""

from contextlib import closing, contextmanager
from io import BytesIO

import orjson
import pytest

from crawler.audit import database as database_module
from crawler.audit.auditing import all_rows, audit
from crawler.audit.database import open_database
from crawler.audit.figures import figures
from crawler.cli.sql.files import QueryFiles
from crawler.errors import StorageError
from tests.support.records import record

A, B, C = (f"http://a.example/{name}" for name in "abc")


@contextmanager
def audited(*parts: bytes, listed: tuple[str, ...] = (), outside: tuple[dict, ...] = ()):
    files = QueryFiles()
    with closing(files), open_database(files, memory_mb=200) as (database, scratch):
        paths = [
            files.add(f"{n}.jsonl", lambda part=part: BytesIO(part), len(part))
            for n, part in enumerate(parts)
        ]
        (scratch / "listed").write_bytes(b"".join(orjson.dumps({"url": u}) + b"\n" for u in listed))
        database.load(paths, scratch / "listed", outside)
        yield database, {one.check.name: one for one in audit(database, max_findings=10).found}


def lines(*records: dict) -> bytes:
    return b"".join(orjson.dumps(one) + b"\n" for one in records)


def page(url: str, *links: str, **values):
    return record(
        **{"url": url, "links": list(links), "title": url, "text": "word " * 100, **values}
    )


def test_the_last_visit_counts_and_a_304_means_the_page_before_it():
    """A page that is gone would be audited as a page, or all its links forgotten with a 304."""
    first = lines(
        page(A, B, C, visit=1),
        page(B, visit=1, title=None),
        page(C, visit=1),
    )
    second = lines(
        page(A, visit=2, status=304, title=None, text=None, unchanged=True),
        page(B, visit=2, status=404, text=None),
        page(C, visit=2, status=404, text=None),
        page(C, visit=3),
    )
    for parts in ((first, second), (second, first)):
        with audited(*parts) as (database, found):
            assert [one.values[0] for one in found["broken_links"].first] == [B]
            assert found["broken_links"].first[0].places == [(A, None, None)]
            assert "missing_titles" not in found
            assert figures(database).totals["urls"] == 3
            assert figures(database).totals["records"] == 7


def test_a_page_is_no_orphan_because_of_a_link_from_itself_only():
    """Every page with a menu would count as linked."""
    with audited(lines(page(A), page(B, B, parent=C), page(C, C, parent=A)), listed=(A, B)) as (
        _,
        found,
    ):
        assert [one.values[0] for one in found["sitemap_orphans"].first] == [B]


def test_lists_are_bounded_where_they_are_named_and_whole_in_the_database():
    """A broken link in a footer would make a page of 100 MB."""
    pages = [page(f"http://a.example/{n}", B) for n in range(120)]
    gone = [page(f"http://a.example/gone/{n}", status=404) for n in range(30)]
    with audited(lines(*pages, *gone, page(B, status=404))) as (database, found):
        broken = found["broken_links"]
        assert (broken.count, broken.rows, len(broken.first)) == (31, 150, 10)
        assert (broken.first[0].values[0], broken.first[0].count) == (B, 120)
        assert len(broken.first[0].places) == 50
        assert len(list(all_rows(database, broken))) == 150


def test_nearly_the_same_texts_are_found_by_their_fingerprints():
    """Copies with another date in the footer have no hash in common."""
    prints = {A: "00000000000000ff", B: "00000000000001fe", C: "ffffffff00000000"}
    records = [page(url, simhash=bits, content_hash=url) for url, bits in prints.items()]
    with audited(lines(*records)) as (_, found):
        (pair,) = found["near_copies"].first
        assert (pair.values, pair.places) == ((A,), [(B, 2)])


def test_near_copies_are_told_by_groups_not_by_pairs():
    """Twenty pages of one template were 190 findings, and the next group came after them."""
    # Each is two bits from the next: their ends are near to each other only by those between.
    chain = {f"{A}/{n}": 15 << 60 | (1 << 2 * n + 2) - 1 << 40 for n in range(6)}
    crowd = {f"{B}/{n:02}": 1 << n for n in range(20)}
    records = [
        page(url, simhash=f"{bits:016x}", content_hash=url)
        for url, bits in (chain | crowd | {C: 0xFFFFFFFF << 20}).items()
    ]
    with audited(lines(*records)) as (_, found):
        near = found["near_copies"]
        groups = [(one.values, one.count) for one in near.first]
        assert groups == [((f"{B}/00",), 19), ((f"{A}/0",), 5)]
        assert near.first[0].places[0] == (f"{B}/01", 2)
        assert near.first[1].places[-1] == (f"{A}/5", 10)


LOST = [
    ("Page not found | Shop", "Shop"),
    ("Shop - 404 Not Found", None),
    ("Shop", "404 \N{EN DASH} Page not found!"),
    ("Error 404", None),
    ("Shop", "Oops! That page can\N{RIGHT SINGLE QUOTATION MARK}t be found."),
    ("Shop", "The page you are looking for does not exist"),
    ("Seite nicht gefunden \N{EN DASH} Laden", None),
    ("Shop", "Page introuvable"),
]
THERE = [
    ("404 - Encyclopaedia", "404"),
    ("HTTP 404 - Encyclopaedia", "HTTP 404"),
    ("Page not found - how to mend it", "Page not found - how to mend it"),
    ("What a 404 error costs | Shop", "What a 404 error costs"),
    ("File not found: seven ways", "File not found: seven ways"),
    ("Lost and found", "The dog that could not be found"),
    ("Nothing found for x", "Search"),
    (None, None),
]


@pytest.mark.parametrize(("pairs", "are_lost"), [(LOST, True), (THERE, False)])
def test_a_page_that_says_it_is_not_there_is_told_from_one_about_such_pages(pairs, are_lost):
    """No status shows it; and a report that names articles and years for it is not read again."""
    pages = [page(f"{A}/{n}", title=title, h1=h1) for n, (title, h1) in enumerate(pairs)]
    with audited(lines(*pages)) as (_, found):
        lost = found["soft_404"].first if are_lost else []
        assert ("soft_404" in found) is are_lost
        assert sorted(one.values[0] for one in lost) == [one["url"] for one in pages if are_lost]


def test_what_a_host_sends_with_a_404_is_no_page_with_200_either():
    """In a language that nobody listed; but not the start page, nor the shell of a program."""
    same = {"content_hash": "x" * 64, "bytes": 9}
    pages = [
        page(A, B, C, parent=None, **same),
        page(B, parent=A, **same),
        page(C, parent=A, js_required=True, **same),
        page("http://b.example/", parent=A, **same),
        page(f"{A}/gone", parent=A, status=404, **same),
    ]
    with audited(lines(*pages)) as (_, found):
        (lost,) = found["soft_404"].first
        assert lost.values == (B, f"the same as {A}/gone")
        assert lost.places == [(A, None, None)]


def test_links_that_leave_are_judged_by_their_last_answer():
    """One that was down yesterday and is up today is no finding."""
    out = [f"http://b.example/{n}" for n in range(4)]
    answers = tuple(
        {"url": url, "status": status, "error": error, "final_url": url, "hops": 0, "asked_at": at}
        for url, status, error, at in (
            (out[0], 404, None, 1),
            (out[0], 200, None, 2),
            (out[1], None, "dns", 1),
            (out[2], None, "robots", 1),
            (out[3], 503, None, 1),
        )
    )
    with audited(lines(page(A, *out)), outside=answers) as (_, found):
        assert [one.values for one in found["broken_external"].first] == [(out[1], "dns")]


def test_a_crawl_without_records_has_a_report_too():
    """The first thing that somebody does after a start is to look."""
    with audited() as (database, found):
        assert found == {}
        assert figures(database).totals["urls"] == 0


def test_lines_that_are_torn_or_long_stop_nothing(monkeypatch):
    """One page of 80 MB, or one line that a tool broke, would leave the site without a report."""
    monkeypatch.setattr(database_module, "_LINE_BYTES", (1_000_000, 64_000_000))
    long = lines(page(B, text="x" * 3_000_000, title=None))
    torn = lines(page(C))[:-20]
    with audited(lines(page(A)) + b"nonsense\n" + long + torn) as (database, found):
        assert figures(database).totals["urls"] == 2
        assert [one.values[0] for one in found["missing_titles"].first] == [B]


def test_a_part_that_cannot_be_read_is_said_in_one_line():
    """A traceback of DuckDB names no file and no remedy."""
    files = QueryFiles()
    with closing(files), open_database(files) as (database, scratch):
        (scratch / "listed").touch()
        with pytest.raises(StorageError, match="report: "):
            database.load(["crawl://none.jsonl"], scratch / "listed", ())


def test_the_pages_with_most_broken_links_are_named():
    """Twenty links broken by one page would be looked up one by one."""
    dead = [f"http://a.example/dead{n}" for n in range(3)]
    gone = [page(url, status=404, text=None) for url in dead]
    pages = [page(A, *dead, B, C), page(B, *dead[:2], dead[0]), page(C, dead[2])]
    with audited(lines(*pages, *gone)) as (_, found):
        assert found["broken_links"].count == 3
        assert found["broken_links"].pages == [(A, 3), (B, 2)]  # C has one: it is in the list
