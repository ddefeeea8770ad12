"""Exit codes: what a script that starts the crawler relies on."""

from pathlib import Path
from typing import Any

import pytest

from crawler.model.view import Outlook
from crawler.pipeline.ending import judge_ending
from tests.support.fetch import make_plan

NOTHING = Outlook(
    ready=0, leased=0, claimable=0, next_at=None, next_due=None, held_by_budget=0, waiting=0
)
WAITING = NOTHING._replace(waiting=3, next_due=10**15)
READY = NOTHING._replace(ready=5, held_by_budget=5)
ANSWERED = {"records": 9, "seeds": 2, "seeds_final": 2, "seeds_answered": 1}
SILENT = {"records": 2, "seeds": 2, "seeds_final": 2, "seeds_answered": 0, "failures": 2}


@pytest.mark.parametrize(
    ("counters", "outlook", "how", "word", "code"),
    [
        (ANSWERED, NOTHING, {}, "complete", 0),
        (ANSWERED, WAITING, {}, "deferred", 7),
        (ANSWERED, READY, {}, "max_pages_per_host", 0),
        (ANSWERED, READY, {"limit": "max_pages"}, "max_pages", 0),
        (ANSWERED, READY, {"limit": "max_total_bytes"}, "max_total_bytes", 0),
        (ANSWERED, READY, {"limit": "max_time"}, "max_time", 7),
        (ANSWERED, NOTHING, {"limit": "max_time"}, "complete", 0),
        (ANSWERED, WAITING, {"limit": "max_pages"}, "max_pages", 0),
        (ANSWERED, WAITING, {"limit": "max_time"}, "max_time", 7),
        (SILENT, NOTHING, {}, "no_seed_answered", 6),
        (SILENT, WAITING, {}, "no_seed_answered", 6),
        (SILENT, WAITING, {"signal_number": 15}, "signal", 143),
        (ANSWERED, NOTHING, {"signal_number": 2}, "signal", 130),
        ({**ANSWERED, "failures": 4}, NOTHING, {"max_failures": 3}, "too_many_failures", 5),
        ({**ANSWERED, "failures": 3}, NOTHING, {"max_failures": 3}, "complete", 0),
        ({**ANSWERED, "failures": 4}, WAITING, {"max_failures": 3}, "deferred", 7),
        ({}, NOTHING, {}, "complete", 0),
    ],
)
def test_the_gravest_ending_decides(
    counters: dict[str, int],
    outlook: Outlook,
    how: dict[str, Any],
    word: str,
    code: int,
) -> None:
    plan = make_plan(max_failures=how.get("max_failures"))
    ending = judge_ending(
        plan,
        counters,
        outlook,
        limit=how.get("limit"),
        signal_number=how.get("signal_number"),
    )
    assert (ending.word, ending.exit_code) == (word, code)


RETRY = "crawler retry --error connect lets the same command ask again"


@pytest.mark.parametrize(
    ("recrawl_ms", "later", "counters", "help_text"),
    [
        (None, 0, {"error:connect": 2}, RETRY),
        (60_000, 2, {"error:connect": 2}, "the same command asks again when a visit is due"),
        (60_000, 2, {"dead:robots": 1}, RETRY.replace("error connect", "reason robots")),
        (60_000, 0, {"error:connect": 2}, RETRY),
        (None, 0, {}, "begin anew with --fresh"),
    ],
)
def test_a_history_of_visits_is_not_to_be_put_aside(
    recrawl_ms: int | None, later: int, counters: dict[str, int], help_text: str
) -> None:
    """A server that is down for an hour would have months of visits moved away."""
    plan = make_plan(recrawl_ms=recrawl_ms)
    ending = judge_ending(
        plan, SILENT | counters, NOTHING._replace(later=later), limit=None, signal_number=None
    )
    assert ending.exit_code == 6
    assert f"; {help_text}; " in ending.line


@pytest.mark.parametrize(
    ("how", "counters", "later", "said"),
    [
        ({}, {}, 0, "complete, 9 records; nothing was left to do: --recrawl TIME "),
        ({}, {"failures": 1}, 0, ": crawler retry tries failures again, --recrawl TIME "),
        ({"recrawl_ms": 1}, {}, 9, "complete, 9 records; 9 to be visited again; nothing was due"),
        ({}, {"records": 10}, 0, "complete, 10 records"),
    ],
)
def test_a_start_that_had_nothing_to_do_says_so(
    how: dict[str, Any], counters: dict[str, int], later: int, said: str
) -> None:
    """`complete, 9 records` looks as if it had fetched them once more."""
    ending = judge_ending(
        make_plan(**how),
        ANSWERED | counters,
        NOTHING._replace(later=later),
        limit=None,
        signal_number=None,
        records_before=9,
    )
    assert (ending.word, ending.exit_code) == ("complete", 0)
    assert said in ending.line


def test_a_hint_names_the_job_that_it_is_about(tmp_path: Path) -> None:
    """Typed as it stands, it would try again what another crawl failed with."""
    plan = make_plan(job=tmp_path / "my job")
    counters = SILENT | {"error:connect": 2}
    ending = judge_ending(plan, counters, NOTHING, limit=None, signal_number=None)
    assert f"crawler retry --error connect --job '{tmp_path}/my job' lets the same" in ending.line
    halted = NOTHING._replace(halted=2)
    ending = judge_ending(plan, ANSWERED, halted, limit=None, signal_number=None)
    assert ending.line.endswith(f"crawler resume HOST --job '{tmp_path}/my job'")
