"""Which two visits are compared, and what is told of them."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from crawler.cli.comparing.pages import Difference, differ
from crawler.cli.comparing.view import difference_lines
from crawler.cli.comparing.visits import find_pair, read_range
from crawler.errors import ConfigError
from tests.support.records import record
from tests.unit.cli.test_inspect_changes import PAGE, visit, write

AS_BEFORE: dict[str, Any] = {"status": 304, "title": None, "text": None, "links": []}
FAILED: dict[str, Any] = {"status": None, "error": "timeout", "title": None, "text": None}


def difference(directory: Path, text: str | None = None, **options: Any) -> Difference:
    pair, notes = find_pair(directory, [PAGE], read_range(text))
    assert notes == []
    assert pair is not None
    return differ(pair, **{"source": False} | options)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Six visits: new, as before, another title, failed, as before, the same bytes again."""
    visits = [
        visit(1, title="Old", text="One. Two."),
        visit(2, "unchanged", content_hash=None, **AS_BEFORE),
        visit(3, "changed", title="New", text="One. Three."),
        visit(4, content_hash=None, links=[], **FAILED),
        visit(5, "unchanged", content_hash=None, **AS_BEFORE),
        visit(6, "unchanged", title="New", text="One. Three.", content_hash=f"{3:064}"),
    ]
    noise = [record(url=PAGE + "2", visit=n) for n in range(1, 9)]
    return write(tmp_path, visits[3:] + noise, visits[:3])


def test_the_last_change_is_shown_although_nothing_changed_since(history: Path) -> None:
    """Whoever comes back on Monday looks for what happened, not for the last 304."""
    found = difference(history)
    assert (found.before.visit, found.after.visit, found.visits) == (1, 3, 6)
    assert found.changed == {"title": ["Old", "New"]}
    assert found.text is not None
    assert found.text.lines == ["@@ -1,2 +1,2 @@", " One.", "-Two.", "+Three."]


@pytest.mark.parametrize(
    ("later", "is_told"),
    [
        ([(404, None)], True),
        ([(404, None), (404, "gone")], False),
        ([(404, None), (200, None)], False),
        ([(404, None), (404, "gone"), (404, None)], False),
        ([(410, "gone")], False),
    ],
)
def test_a_first_404_is_told_though_it_is_no_change_yet(
    tmp_path: Path, later: list[tuple[int, str | None]], is_told: bool
) -> None:
    """That no visit brought another page would be said of one that is not there any more."""
    missing: dict[str, Any] = {"title": None, "text": None, "links": [], "content_hash": None}
    visits = [visit(1, title="Old")]
    for number, (status, change) in enumerate(later, 2):
        visits.append(visit(number, change, status=status, **(missing if status != 200 else {})))
    _, notes = find_pair(write(tmp_path, visits), [PAGE], None)
    said = "got 404; the page counts as gone if the next one does too"
    assert [said in note for note in notes] == ([True] if is_told else [])
    assert find_pair(tmp_path, [PAGE], (1, 2))[1] == []


def test_a_visit_without_a_page_stands_for_the_one_before(history: Path) -> None:
    """A 304 would look like a page that lost its title and all of its text."""
    found = difference(history, "2..5")
    assert (found.before.page_of_visit, found.after.page_of_visit) == (1, 3)
    assert found.changed == {"title": ["Old", "New"]}
    assert difference(history, "1..2").is_empty
    assert not difference(history, "1..3").is_empty
    assert difference(history, "6..3").is_empty


def test_a_visit_that_failed_says_so(history: Path) -> None:
    found = difference(history, "3..4")
    assert found.changed == {"status": [200, None], "error": [None, "timeout"]}
    assert found.text is None


def test_a_failure_with_a_page_is_no_change(tmp_path: Path) -> None:
    """The words "internal error" would be what was last on the page."""
    broken = {"status": 500, "title": "Error", "text": "Internal error."}
    visits = [visit(1, title="A"), visit(2, "changed", title="B"), visit(3, **broken)]
    visits += [visit(4, status=404, title="No"), visit(5, "unchanged", content_hash=f"{2:064}")]
    found = difference(write(tmp_path, visits))
    assert (found.before.visit, found.after.visit) == (1, 2)


def test_redirects_to_other_places_differ(tmp_path: Path) -> None:
    hop = {"status": 301, "content_hash": None, "text": None, "title": None}
    visits = [
        visit(1, final_url="http://a.example/1", **hop),
        visit(2, "changed", final_url="http://a.example/2", **hop),
    ]
    found = difference(write(tmp_path, visits))
    assert found.changed == {"final_url": ["http://a.example/1", "http://a.example/2"]}


def test_nothing_that_changed_is_no_error(tmp_path: Path) -> None:
    visits = [visit(1), visit(2, "unchanged", content_hash=None, **AS_BEFORE)]
    assert find_pair(write(tmp_path, visits), [PAGE], None) == (None, [])


@pytest.mark.parametrize(
    ("url", "numbers", "message"),
    [
        ("http://a.example/", None, "http://a.example/ has no record in .*; crawler explain says"),
        (PAGE, (1, 9), f"{PAGE} has no visit 9: there are 1 to 6"),
        (PAGE + "3", None, "was visited once, on 1970-01-02T"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    history: Path, url: str, numbers: tuple[int, int] | None, message: str
) -> None:
    """A traceback tells nobody that the URL was mistyped."""
    (history / "part-000009.jsonl").write_bytes(orjson.dumps(visit(1, url=PAGE + "3")) + b"\n")
    with pytest.raises(ConfigError, match=message):
        find_pair(history, [url], numbers)


@pytest.mark.parametrize("text", ["", "3", "2..", "0..1", "2..2", "a..b", "1..2..3", "-1..2"])
def test_a_range_that_is_none_is_said(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--visits: cannot read .*: write 2\.\.5"):
        read_range(text)


def test_the_first_spelling_with_records_counts(history: Path) -> None:
    """A URL that is pasted with its tracking parameters is that page all the same."""
    pair, _ = find_pair(history, [PAGE + "?utm_source=x", PAGE], None)
    assert pair is not None
    assert pair.url == PAGE


def test_a_url_with_a_backslash_is_found(tmp_path: Path) -> None:
    """JSON writes it as two."""
    url = PAGE + "?a=\\"
    visits = [visit(1, url=url, title="a"), visit(2, "changed", url=url, title="b")]
    pair, _ = find_pair(write(tmp_path, visits), [url], None)
    assert pair is not None


def test_links_fields_and_lasting_values(tmp_path: Path) -> None:
    """A price that fell is why pages are watched."""
    visits = [
        visit(1, links=["http://x/1", "http://x/2"], fields={"price": 7, "sku": "a"}),
        visit(2, "changed", links=["http://x/2", "http://x/3"], fields={"price": 5, "sku": "a"}),
    ]
    found = difference(write(tmp_path, visits))
    assert (found.links_removed, found.links_added) == (["http://x/1"], ["http://x/3"])
    assert found.fields == {"price": [7, 5]}
    assert found.text is not None
    assert found.text.lines == []
    lines = [text for _, text in difference_lines(found)]
    assert "fields.price  7 → 5" in lines
    assert lines[-4:] == ["-http://x/1", "", "1 link came", "+http://x/3"]


def test_other_types_have_no_text_to_compare(tmp_path: Path) -> None:
    """An empty answer would say that a PDF did not change."""
    pdf = {"content_type": "application/pdf", "text": None, "title": None}
    visits = [visit(1, bytes=5, **pdf), visit(2, "changed", bytes=9, **pdf)]
    found = difference(write(tmp_path, visits))
    assert not found.is_empty
    assert found.note == "other content, 5 → 9 bytes; no text is kept of what is no HTML"


def test_sources_need_kept_bodies(history: Path) -> None:
    with pytest.raises(ConfigError, match="no body is kept of visit 1; crawls with --store warc"):
        difference(history, source=True)


def test_nothing_of_the_web_moves_the_cursor(tmp_path: Path) -> None:
    """A page that changes its title to control characters would own the terminal."""
    bad = "a\x1b[2Jb\u202ec"
    visits = [
        visit(1, title="x", fields={bad: bad}, links=[]),
        visit(2, "changed", title=bad, text=bad, error=bad, links=[bad]),
    ]
    for _, text in difference_lines(difference(write(tmp_path, visits))):
        assert text.isprintable()
