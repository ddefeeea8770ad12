"""What happens next to one URL, and why not now: the last line of an explanation."""

import shlex
from pathlib import Path

from crawler.job.directory import job_flag
from crawler.pipeline.explaining.account import Account, HostTurn, Known, Next
from crawler.pipeline.moments import interval, moment, span
from crawler.policy.revisit import GONE_AFTER

_START = "when the crawl is started again"


def next_step(a: Account) -> Next:
    """Decide from everything else that is known about the URL."""
    known = a.known
    if known is None:
        return _unknown(a)
    if known.state == "ready":
        return _ready(a)
    judge = {"done": _done, "dead": _dead, "leased": _leased, "waiting": _waiting}
    return judge[known.state](a, known)


def _unknown(a: Account) -> Next:
    if a.trap is not None:
        return Next(what="refused", text=f"nothing: a link to it is refused as a trap ({a.trap})")
    if a.scope.allowed is False:
        return Next(
            what="refused",
            text=f"nothing: a link to it is refused ({a.scope.rule}); "
            "only a seed or the redirect of a seed is taken all the same",
        )
    if a.address is not None:
        return Next(
            what="refused", text="no request: its record would have the error blocked_address"
        )
    if a.robots.verdict == "forbidden":
        return Next(
            what="refused", text=f"nothing: robots.txt forbids it (line {a.robots.line}), if found"
        )
    if a.robots.verdict == "gone":
        return Next(what="refused", text="nothing: its origin was given up, if found")
    command = ["crawler", "start", a.url, *(() if a.job is None else ("-j", a.job))]
    text = f"nothing until a page links to it, or as a seed: {shlex.join(command)}"
    spent = next((budget for budget in a.budgets if budget.is_spent), None)
    if spent is not None:
        text += f"; then it waits for a larger {_flag(spent.name)}"
    elif a.scope.allowed is None:
        text += "; whether a link would do depends on the seeds"
    return Next(what="unknown", text=text)


def _done(a: Account, known: Known) -> Next:
    if known.visit_due_at is not None:
        return _later(a, known, known.visit_due_at)
    if known.reason == "sitemap":
        return Next(
            what="done", text="nothing: it is a sitemap that could not be read (see the log)"
        )
    if known.reason is not None:
        return Next(
            what="done", text=f"nothing: its record is written, with the error {known.reason}"
        )
    text = f"nothing: its record is written, with status {known.status}"
    if known.status is not None and 300 <= known.status < 400:
        text += "; where it leads to is a URL of its own (final_url in the record)"
    return Next(what="done", text=text)


def _later(a: Account, known: Known, due: int) -> Next:
    text = f"due again at {moment(due, a.at)}"
    if known.misses >= GONE_AFTER:
        text += " (it is gone, and looked for as rarely as recrawl_max allows)"
    elif known.interval_ms is not None:
        text += f" (every {interval(known.interval_ms)})"
    if a.running is None:
        text = f"it is visited again by the first run that begins when it is due: {text}"
    return Next(what="later", text=text, at=due)


def _dead(a: Account, known: Known) -> Next:
    why = {
        "robots": "robots.txt forbade it when its turn came",
        "depth": f"{known.depth} links from a seed are more than {a.depth_limit} "
        f"({a.depth_rule}); a shorter way to it or a larger one brings it back",
        "origin_unreachable": "its origin could not be reached three times in a row",
    }.get(
        known.reason or "",
        f"it was refused when the crawl was started with narrower rules ({known.reason}); "
        "wider ones bring it back",
    )
    return Next(what="dead", text=f"nothing: {why}; it has no record")


def _leased(a: Account, known: Known) -> Next:
    until = known.lease_until or 0
    if a.running is None:
        return Next(
            what="stopped", text="the run that was fetching it is gone: the next start fetches it"
        )
    return Next(
        what="leased",
        text=f"a reader has it now; if nothing comes of it, it is ready again at "
        f"{moment(until, a.at)}",
        at=until,
    )


def _waiting(a: Account, known: Known) -> Next:
    due = known.due_at or 0
    text = f"it becomes ready at {moment(due, a.at)}"
    if due <= a.at:
        text = "its time has come: it becomes ready within a second"
    if a.host is not None and (until := a.host.paused_until or 0) > a.at:
        text += f"; {_pause(a.host, until, a.at)}"
        due = max(due, until)
    if a.running is None:
        return Next(what="stopped", text=f"{_START}: {text}", at=due)
    return Next(what="waiting", text=text, at=due)


def _ready(a: Account) -> Next:
    # What holds longest comes first.
    found = _by_budget(a) or _by_person(a) or _by_pause(a) or _by_robots(a) or _turn(a)
    if a.running is not None or found.what == "budget":
        return found
    return Next(what="stopped", text=f"{_START}: {found.text}", at=found.at)


def _by_budget(a: Account) -> Next | None:
    for budget in a.budgets:
        if budget.is_spent:
            return Next(
                what="budget",
                text=f"it stays ready: {_flag(budget.name)} {budget.limit} is used up "
                f"({budget.done} done, {budget.leased} under way); start with a larger one",
            )
    return None


def _by_person(a: Account) -> Next | None:
    flag = "" if a.job is None else job_flag(Path(a.job))
    if a.paused:
        return Next(what="paused", text=f"you paused the crawl: crawler resume{flag} goes on")
    if a.host is not None and a.host.halted:
        host = shlex.quote(a.host.host)
        return Next(what="paused", text=f"you paused its host: crawler resume {host}{flag} goes on")
    return None


def _by_pause(a: Account) -> Next | None:
    until = a.host.paused_until if a.host is not None else None
    if a.host is None or until is None:
        return None
    return Next(what="paused", text=_pause(a.host, until, a.at), at=until)


def _pause(host: HostTurn, until: int, now: int) -> str:
    """Say until when a host rests: by its own wish, or because it fails."""
    if not host.failures_in_row or host.last_failure is None:
        return f"its host has a pause until {moment(until, now)}"
    times = "once" if host.failures_in_row == 1 else f"{host.failures_in_row} times in a row"
    return (
        f"its host has failed {times} ({host.last_failure}) and rests: "
        f"asked again at {moment(until, now)}"
    )


def _by_robots(a: Account) -> Next | None:
    robots = a.robots
    match robots.verdict:
        case "gone":
            return Next(what="robots", text="it is given up with its origin (origin_unreachable)")
        case "deferred" | "unreachable" if (robots.due_at or 0) > a.at:
            due = robots.due_at or 0
            return Next(
                what="robots",
                text=f"it waits for robots.txt, which is asked for again at {moment(due, a.at)}",
                at=due,
            )
        case "asked":
            return Next(what="robots", text="robots.txt is being fetched; then it is its turn")
        case "unasked" | "expired" | "deferred" | "unreachable":
            return Next(what="robots", text="robots.txt is fetched first, at the host's next turn")
        case "forbidden":
            return Next(
                what="robots", text=f"in its turn it is refused: robots.txt, line {robots.line}"
            )
    return None


def _turn(a: Account) -> Next:
    if a.host is None:
        return Next(what="now", text="it is fetched at once")
    host = a.host
    before = f", after {_others(host.ahead)} of its host" if host.ahead else ""
    if host.delay_ms == 0:
        at = max(host.next_at, a.at)
        return Next(what="now", text=f"it is fetched as soon as a reader is free{before}", at=at)
    at = max(host.next_at, a.at) + host.ahead * host.delay_ms
    if at <= a.at and not host.leased:
        return Next(what="now", text="it is fetched at once", at=at)
    least = "at the earliest " if host.ahead or host.leased else ""
    return Next(
        what="turn",
        text=f"it is fetched {least}at {moment(at, a.at)}{before} "
        f"(one request every {delay(host.delay_ms)})",
        at=at,
    )


def _others(count: int) -> str:
    if count == 1:
        return "another"
    return f"{count:,} others" if count < 1000 else "at least 1,000 others"


def delay(milliseconds: int) -> str:
    """Return a delay: `500 ms`, `1.5 s`, `3 min`."""
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    return f"{milliseconds / 1000:g} s" if milliseconds < 120_000 else span(milliseconds)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
