"""Who starts a second site where the first one was must hear that they are one crawl now."""

import pytest

from crawler.pipeline.joining import Before, joined
from crawler.pipeline.seeding import SeedReport
from tests.support.fetch import make_plan

HELD = Before(seeds=2, records=12, roots=("https://a.example/", "https://b.example/"))


@pytest.mark.parametrize(
    ("before", "report", "seeds", "said"),
    [
        (HELD, SeedReport(new=1, roots=("https://c.example/",)), 3, "c.example is added to it"),
        # The same line twice in a file.
        (HELD, SeedReport(1, 1, roots=("https://c.example/",)), 3, "c.example is added to it"),
        (HELD, SeedReport(new=2, roots=("https://a.example/",)), 4, "2 new seeds are added to it"),
        (HELD, SeedReport(new=1, known=1, roots=("https://a.example/",)), 3, None),
        (HELD, SeedReport(known=2, roots=("https://a.example/",)), 2, None),
        (HELD, SeedReport(), 2, None),
        (Before(0, 0, ()), SeedReport(new=1, roots=("https://c.example/",)), 1, None),
    ],
)
def test_seeds_of_another_crawl_are_told_apart(
    before: Before, report: SeedReport, seeds: int, said: str | None
) -> None:
    note = joined(make_plan(), before, report, seeds)
    if said is None:
        assert note is None
    else:
        assert note is not None
        assert "the job crawl holds a crawl of a.example, b.example (12 records); " in note
        assert said in note
        assert note.endswith(". A crawl of its own: --job NAME")
