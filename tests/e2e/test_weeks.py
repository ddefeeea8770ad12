"""Four weeks against a site that changes: one run a day on a clock that is set forward."""

import itertools
import json
import subprocess
import sys
import time
from collections import defaultdict
from typing import Any

import pytest

from crawler.pipeline.moments import rfc3339
from tests.support.web import Answer, Asked, Web, page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

DAYS = 28
DAY_MS = 86_400_000
STEP_MS = DAY_MS + 60_000
"""From one run to the next: what is due after whole days is due by then."""

WEEKLY = (7, 14, 21)
LEAVES, GOES, BLINKS, RETURNS, APPEARS = 10, 12, 8, 16, 5


class ChangingSite(Web):
    """A site whose pages depend on the day; it keeps its own log of what it served."""

    def __init__(self) -> None:
        super().__init__({})
        self.day = 0
        self.began_ms = time.time_ns() // 1_000_000
        self.log: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        """By path: day, status, what was there."""

    def answer(self, asked: Asked) -> Answer:
        version, answer = self._now(asked.path)
        etag, date = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
        given = asked.headers
        is_known = (etag and given.get("If-None-Match") == etag) or (
            date and given.get("If-Modified-Since") == date
        )
        if is_known:
            answer = Answer(b"", 304, answer.headers)
        self.log[asked.path].append((self.day, answer.status, version))
        return answer

    def _now(self, path: str) -> tuple[str, Answer]:
        week = sum(day <= self.day for day in WEEKLY)
        links = ("/static", "/daily", "/weekly", "/leaves", "/goes", "/blinks")
        here = {
            "/": ("", page(*links)._replace(headers={"ETag": '"home"'})),
            "/static": ("", page(text="as ever")._replace(headers={"ETag": 'W/"s"'})),
            "/daily": (f"{self.day}", page(text=f"day {self.day}")),
            "/weekly": (
                f"{week}",
                page(text=f"week {week}")._replace(headers={"Last-Modified": f"week {week}"}),
            ),
            "/robots.txt": ("", Answer(self._robots(), content_type="text/plain")),
            "/map.xml": (f"{week} {self.day >= APPEARS}", Answer(self._sitemap(week))),
        }
        if self.day < LEAVES:
            here["/leaves"] = ("", page(text="still here"))
        if not BLINKS <= self.day < RETURNS:
            here["/blinks"] = ("", page(text="on and off"))
        if self.day >= APPEARS:
            here["/new"] = ("", page(text="new"))
        here["/goes"] = ("", page(text="soon gone"))
        if self.day >= GOES:
            here["/goes"] = ("410", Answer(b"", 410))
        return here.get(path, ("404", Answer(b"", 404)))

    def _robots(self) -> bytes:
        return f"User-agent: *\nDisallow:\nSitemap: {self.url('/map.xml')}\n".encode()

    def _sitemap(self, week: int) -> bytes:
        entries = [f"<url><loc>{self.url('/static')}</loc></url>"]
        if week:
            date = rfc3339(self.began_ms + WEEKLY[week - 1] * STEP_MS)
            entries.append(f"<url><loc>{self.url('/weekly')}</loc><lastmod>{date}</lastmod></url>")
        if self.day >= APPEARS:
            entries.append(f"<url><loc>{self.url('/new')}</loc></url>")
        return f"<urlset>{''.join(entries)}</urlset>".encode()


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> tuple[ChangingSite, list[dict[str, Any]]]:
    """Run every day; return the site with its log, and all records."""
    job = tmp_path_factory.mktemp("weeks") / "job"
    with ChangingSite() as site:
        flags = {
            "seeds": [site.url()],
            "job": str(job),
            "delay": "0",
            "allow_net": ["127.0.0.0/8"],
            "recrawl": "2d",
            "recrawl_min": "1d",
            "recrawl_max": "8d",
            "num_processes": 1,
        }
        for day in range(DAYS):
            site.day = day
            run = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "tests.support.shifted",
                    f"{day * STEP_MS}",
                    json.dumps(flags),
                ],
                check=False,
                capture_output=True,
                timeout=120,
            )
            assert run.returncode == 0, run.stderr.decode()
    lines = [
        line
        for part in sorted((job / "pages").glob("part-*.jsonl"))
        for line in part.read_bytes().splitlines()
    ]
    return site, [json.loads(line) for line in lines]


def of(records: list[dict[str, Any]], path: str) -> list[dict[str, Any]]:
    found = [record for record in records if record["url"].endswith(path)]
    return sorted(found, key=lambda record: record["visit"])


def days(site: ChangingSite, path: str) -> list[int]:
    return [day for day, _, _ in site.log[path]]


def test_every_visit_has_one_record(weeks: tuple[ChangingSite, list[dict[str, Any]]]) -> None:
    """A visit without a record, or two with one number, would make every change doubtful."""
    site, records = weeks
    for path in ("/", "/static", "/daily", "/weekly", "/leaves", "/goes", "/blinks", "/new"):
        visits = [(record["visit"], record["status"]) for record in of(records, path)]
        served = [(n, status) for n, (_, status, _) in enumerate(site.log[path], 1)]
        assert visits == served, path
    assert len(records) == sum(
        len(log) for path, log in site.log.items() if path not in ("/robots.txt", "/map.xml")
    )


def test_a_page_is_fetched_only_when_it_is_due(
    weeks: tuple[ChangingSite, list[dict[str, Any]]],
) -> None:
    """The interval of a page that never changes grows to its bound, that of another shrinks."""
    site, _ = weeks
    # 2 days, then 3, 4.5, 6.75, and 8 at most, each seen by the next daily run.
    assert days(site, "/static") == [0, 2, 5, 10, 17, 25]
    assert days(site, "/daily") == [0, *range(2, DAYS)]
    for path, log in site.log.items():
        if path != "/robots.txt":
            assert len({day for day, _, _ in log}) == len(log), path


def test_what_did_not_change_is_a_304(weeks: tuple[ChangingSite, list[dict[str, Any]]]) -> None:
    """A site would send its pages again and again to whom it could say: nothing is new."""
    site, records = weeks
    first, *others = of(records, "/static")
    assert (first["status"], first["unchanged"], first["change"]) == (200, False, None)
    assert others
    for record in others:
        assert (record["status"], record["unchanged"], record["change"]) == (304, True, "unchanged")
        assert record["content_hash"] == first["content_hash"]
        assert (record["etag"], record["text"], record["links"]) == ('W/"s"', None, [])
    statuses = [status for _, status, _ in site.log["/weekly"]]
    assert statuses.count(304) > statuses.count(200) - 4


def test_each_change_is_reported_once(weeks: tuple[ChangingSite, list[dict[str, Any]]]) -> None:
    """A change that nobody hears of, or hears of twice, is what a watch is there to prevent."""
    site, records = weeks
    for path in ("/", "/static", "/daily", "/weekly", "/new"):
        versions = [version for _, _, version in site.log[path]]
        expected = [None] + [
            "unchanged" if now == before else "changed"
            for before, now in itertools.pairwise(versions)
        ]
        assert [record["change"] for record in of(records, path)] == expected, path
    weekly = [record["change"] for record in of(records, "/weekly")]
    assert weekly.count("changed") == len(WEEKLY)


def test_pages_that_go_and_come_back(weeks: tuple[ChangingSite, list[dict[str, Any]]]) -> None:
    """One 404 may be an accident; a 410 is meant; a page that is back is news."""
    site, records = weeks
    leaves = [(record["status"], record["change"]) for record in of(records, "/leaves")]
    first = leaves.index((404, None))
    assert {change for _, change in leaves[:first]} == {None, "unchanged"}
    assert leaves[first : first + 2] == [(404, None), (404, "gone")]
    assert set(leaves[first + 2 :]) == {(404, None)}
    goes = [record["change"] for record in of(records, "/goes")]
    statuses = [record["status"] for record in of(records, "/goes")]
    assert goes[statuses.index(410)] == "gone"
    assert goes.count("gone") == 1
    blinks = [record["change"] for record in of(records, "/blinks")]
    assert [change for change in blinks if change in ("gone", "returned")] == ["gone", "returned"]
    # Gone pages are looked at as rarely as the bound allows.
    gone = [day for day, status, _ in site.log["/leaves"] if status == 404][1:]
    assert all(later - earlier >= 8 for earlier, later in itertools.pairwise(gone))


def test_sitemaps_are_read_again(weeks: tuple[ChangingSite, list[dict[str, Any]]]) -> None:
    """A new page that only the sitemap names would never be found; a date would mean nothing."""
    site, records = weeks
    assert days(site, "/new")[0] == min(day for day in days(site, "/map.xml") if day >= APPEARS)
    assert of(records, "/new")[0]["visit"] == 1
    # Each date is heard of when the sitemap is read, and brings the visit to that very day.
    for changed in WEEKLY:
        seen = min(day for day in days(site, "/weekly") if day >= changed)
        assert seen <= min(day for day in days(site, "/map.xml") if day >= changed)
