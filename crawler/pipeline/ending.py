"""How a crawl ended: one word, one exit code, one line for a person (design section 9)."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from crawler.job.directory import job_flag
from crawler.model.plan import Plan
from crawler.model.view import Outlook

COMPLETE = 0
TOO_MANY_FAILURES = 5
NO_SEED_ANSWERED = 6
DEFERRED = 7
SIGNAL_BASE = 128


class Ending(NamedTuple):
    """`word` goes to the manifest, `line` to the terminal."""

    word: str
    exit_code: int
    line: str


GOES_ON = Ending("goes_on", COMPLETE, "goes on with other settings")
"""No ending: the same process runs the crawl again."""


def judge_ending(
    plan: Plan,
    counters: Mapping[str, int],
    outlook: Outlook,
    *,
    limit: str | None,
    signal_number: int | None,
    records_before: int | None = None,
) -> Ending:
    """Decide how a run ended; of several endings the gravest counts.

    Precedence: signal, no seed answered, deferred, too many failures, complete.

    `records_before`: when the run began, where it is not one that goes on by other settings.
    """
    ending = next(_endings(plan, counters, outlook, limit, signal_number))
    if ending.word == "complete" and records_before and counters["records"] == records_before:
        return ending._replace(line=_nothing_left(plan, counters, outlook))
    return ending


def _endings(
    plan: Plan,
    counters: Mapping[str, int],
    outlook: Outlook,
    limit: str | None,
    signal_number: int | None,
) -> Iterator[Ending]:
    done = _done(counters)
    left = outlook.ready + outlook.waiting
    failures = counters.get("failures", 0)
    seeds = counters.get("seeds", 0)
    if signal_number is not None:
        code = SIGNAL_BASE + signal_number
        yield Ending("signal", code, f"stopped, {done}; the same command goes on")
    if seeds and counters.get("seeds_final", 0) >= seeds and not counters.get("seeds_answered", 0):
        is_due_again = plan.revisits and outlook.later > 0
        line = f"{_no_seed(plan, counters, is_due_again)}; {done}"
        yield Ending("no_seed_answered", NO_SEED_ANSWERED, line)
    if limit == "max_time" and left:
        yield Ending("max_time", DEFERRED, f"time is up, {done}; {left} URLs left")
    is_spent = limit in ("max_pages", "max_total_bytes")
    if outlook.waiting and not is_spent:
        # Where a budget has ended the claims nobody has waited for those.
        waiting = f"{_urls(outlook.waiting)} for later than --max-wait"
        waiting += f", {_held(plan, outlook)}" * (outlook.halted > 0)
        yield Ending("deferred", DEFERRED, f"{done}; {waiting}")
    if outlook.halted and not is_spent:
        yield Ending("paused", DEFERRED, f"{done}; {_held(plan, outlook)}")
    if plan.max_failures is not None and failures > plan.max_failures:
        more = f"{failures} failures, more than --max-failures {plan.max_failures}"
        yield Ending("too_many_failures", TOO_MANY_FAILURES, f"{done}; {more}")
    if limit is not None and is_spent and left:
        name = "--" + limit.replace("_", "-")
        yield Ending(limit, COMPLETE, f"{name} reached, {done}; {left} URLs left")
    if outlook.held_by_budget and _is_full(plan, counters):
        yield Ending("max_pages", COMPLETE, f"--max-pages reached, {done}; {left} URLs left")
    if outlook.held_by_budget:
        held = f"{outlook.held_by_budget} URLs left of hosts that have used it up"
        yield Ending(
            "max_pages_per_host", COMPLETE, f"--max-pages-per-host reached, {done}; {held}"
        )
    yield Ending("complete", COMPLETE, f"complete, {done}{_later(plan, outlook)}")


def _is_full(plan: Plan, counters: Mapping[str, int]) -> bool:
    return plan.max_pages is not None and counters.get("pages", 0) >= plan.max_pages


def _later(plan: Plan, outlook: Outlook) -> str:
    return f"; {outlook.later} to be visited again" if plan.revisits and outlook.later else ""


def _nothing_left(plan: Plan, counters: Mapping[str, int], outlook: Outlook) -> str:
    """Who types the same command again must not think that it has fetched anything."""
    done = _done(counters)
    if plan.revisits:
        return f"complete, {done}{_later(plan, outlook)}; nothing was due"
    ways = ["--recrawl TIME visits again what is older", "--fresh begins anew"]
    if counters.get("failures", 0):
        ways.insert(0, f"crawler retry{job_flag(plan.job)} tries failures again")
    return f"complete, {done}; nothing was left to do: {', '.join(ways)}"


def _held(plan: Plan, outlook: Outlook) -> str:
    resume = f"crawler resume HOST{job_flag(plan.job)}"
    return f"{_urls(outlook.halted)} at hosts that you paused: {resume}"


def _urls(count: int) -> str:
    return "1 URL waits" if count == 1 else f"{count} URLs wait"


def _done(counters: Mapping[str, int]) -> str:
    records, failures = counters.get("records", 0), counters.get("failures", 0)
    text = f"{records} record" + ("" if records == 1 else "s")
    if failures:
        text += f" ({failures} failure" + ("" if failures == 1 else "s") + ")"
    return text


def _no_seed(plan: Plan, counters: Mapping[str, int], is_due_again: bool) -> str:
    """Say why, and what helps: the crawl is over, so that the same command only says it again.

    Where pages are visited again it is not over, and --fresh would put their history aside.
    """
    errors = sorted(
        name.removeprefix("error:") for name, n in counters.items() if "error:" in name and n
    )
    is_forbidden = bool(counters.get("dead:robots"))
    why = ", ".join(errors) or ("robots.txt" if is_forbidden else "refused")
    if errors and is_due_again:
        help_text = "the same command asks again when a visit is due"
    elif errors or is_forbidden:
        which = " ".join(f"--error {word}" for word in errors) or "--reason robots"
        help_text = f"crawler retry {which}{job_flag(plan.job)} lets the same command ask again"
    else:
        help_text = "begin anew with --fresh"
    if "blocked_address" in errors:
        help_text = f"reach addresses that are not public with --allow-net; {help_text}"
    return f"no seed could be fetched: {why}; {help_text}"
