"""The text of `crawler explain`: one aligned line for each thing that decides about a URL."""

from collections.abc import Iterator

from crawler.cli.printable import printable
from crawler.pipeline.explaining.account import Account, HostTurn, Known, RobotsVerdict
from crawler.pipeline.explaining.prospect import delay
from crawler.pipeline.moments import moment
from crawler.policy import traps
from crawler.policy.canonicalization import MAX_URL_LENGTH

TRAPS = {
    "url_length": f"longer than {MAX_URL_LENGTH:,} characters",
    "path_segments": f"more than {traps.MAX_SEGMENTS} segments in the path",
    "path_repetition": f"one segment more than {traps.MAX_REPEATS} times in the path",
    "query_repetition": f"one name=value more than {traps.MAX_EQUAL_PAIRS} times in the query",
    "calendar": f"a date more than {traps.MAX_YEARS_AHEAD} years ahead, or long before any archive",
    "logout": "it looks like a log-out, of a site that knows the crawl by a session",
    "hops": f"more than {traps.MAX_HOPS:,} links away from its seed",
}
_MOST_PARENTS = 10

Row = tuple[str, str]


def lines(account: Account, job: str) -> list[str]:
    """Return the lines for a terminal; `job` is where a job was looked for."""
    rows = [*_about(account, job), *_rules(account), *_state(account)]
    if account.next is not None:
        rows.append(("next", account.next.text))
    width = max(len(label) for label, _ in rows)
    shown = [f"{label:<{width}}  {printable(text)}" for label, text in rows]
    return [printable(account.url), *(f"  {line}".rstrip() for line in shown)]


def _about(a: Account, job: str) -> Iterator[Row]:
    if a.changes:
        yield "asked", a.asked
        yield "changed", "; ".join(a.changes)
    if a.job is None:
        yield "job", f"none in {job}: explained from the settings alone"
    else:
        state = "not running" if a.running is None else f"running as process {a.running}"
        yield "job", f"{a.job}, {state}"
    for difference in a.differences:
        yield "rule", difference


def _rules(a: Account) -> Iterator[Row]:
    if a.site is not None:
        yield "site", a.site
    scope = a.scope.text
    if a.scope.allowed is False and a.known is not None and a.known.state != "dead":
        scope += "; it was taken as a seed, or before the rules were these"
    yield "scope", scope
    yield "trap", f"refused: {a.trap}, {TRAPS[a.trap]}" if a.trap else "none"
    if a.address is not None:
        yield "address", f"refused: {a.address}"
    yield "robots", robots_text(a.robots, a.at)
    yield "depth", _depth(a)
    yield "dedupe", _dedupe(a)
    for url, state in a.similar:
        yield "similar", f"{url} is another URL, and known ({state})"
    for budget in a.budgets:
        spent = ": used up" if budget.is_spent else ""
        done = f"{budget.done:,} of {budget.limit:,} done"
        under_way = f", {budget.leased:,} under way" if budget.leased else ""
        yield "budget", f"--{budget.name.replace('_', '-')}: {done}{under_way}{spent}"
    if a.job is not None and not a.budgets:
        yield "budget", "no limits"


def _depth(a: Account) -> str:
    limit = "no limit" if a.depth_limit is None else f"at most {a.depth_limit} ({a.depth_rule})"
    if a.known is None:
        return limit
    links = "link" if a.known.depth == 1 else "links"
    return f"{a.known.depth} {links} from a seed, {limit}"


def _dedupe(a: Account) -> str:
    if a.job is None:
        return "nothing to compare with"
    if a.known is None:
        return "new: the job does not know it"
    return f"known as {a.url}: another sighting changes nothing"


def robots_text(r: RobotsVerdict, now: int) -> str:
    """Return the verdict in words, with the line that decides."""
    file = f"{r.origin}/robots.txt"
    asked = f" (asked {moment(r.fetched_at, now)})" if r.fetched_at is not None else ""
    due = "soon" if r.due_at is None else moment(r.due_at, now)
    status = f"answered {r.status}" if r.status is not None else "did not answer"
    match r.verdict:
        case "off":
            text = "not asked: --no-robots"
        case "unasked":
            text = f"unknown: {file} has not been asked for yet"
        case "asked":
            text = f"unknown: {file} is being fetched"
        case "deferred":
            text = f"waits: {file} {status}{asked}; nothing is fetched before it is asked at {due}"
        case "unreachable":
            text = f"waits: no server at {r.origin} ({r.obstacle}){asked}; asked again at {due}"
        case "gone":
            text = f"given up: no server at {r.origin} ({r.obstacle}), {r.failures} times{asked}"
        case "expired":
            until = moment(r.expires_at or 0, now)
            text = f"expired at {until}; last known: {_rule(r)}; {file} is asked for again first"
        case "forbidden" | "allowed":
            until = "" if r.expires_at is None else f"; good until {moment(r.expires_at, now)}"
            text = f"{r.verdict}: {_rule(r)}{asked}{until}"
            if r.failing_since is not None:
                since = moment(r.failing_since, now)
                text += f"; it has not been answered since {since}, so the last rules hold, or none"
    return text


def _rule(r: RobotsVerdict) -> str:
    if r.line is not None:
        return f"line {r.line} of {r.origin}/robots.txt: {r.rule}"
    if r.learned == "allow":
        answer = f" ({r.status})" if r.status is not None else ""
        return f"there is no {r.origin}/robots.txt{answer}"
    return f"no rule of {r.origin}/robots.txt matches"


def _state(a: Account) -> Iterator[Row]:
    if a.known is not None:
        yield "state", _state_text(a.known, a.at)
        yield "tries", _tries(a.known)
        if a.known.crashes:
            yield "crashes", f"{a.known.crashes} readers died with it"
        yield from _way(a.known)
    if a.host is not None:
        yield "host", _host(a.host, a.at)
        if a.host.ahead:
            more = "at least " if a.host.ahead >= 1000 else ""
            urls = "URL" if a.host.ahead == 1 else "URLs"
            yield "before it", f"{more}{a.host.ahead:,} {urls} of its host"


def _state_text(known: Known, now: int) -> str:
    text = known.state
    if known.state == "done":
        answer = f"status {known.status}" if known.status is not None else "no response"
        text += f": {answer}" + (f", error {known.reason}" if known.reason else "")
    elif known.reason:
        text += f": {known.reason}" if known.state != "ready" else f", last put off: {known.reason}"
    if known.due_at is not None:
        text += f", due at {moment(known.due_at, now)}"
    if known.lease_until is not None:
        text += f", until {moment(known.lease_until, now)}"
    return text


def _tries(known: Known) -> str:
    visits = "1 visit" if known.visits == 1 else f"{known.visits} visits"
    return f"{visits} done" + (f", {known.tries} tries in this one" if known.tries else "")


def _way(known: Known) -> Iterator[Row]:
    """How it was found: redirects, then pages, back to the seed."""
    if known.seed:
        yield "found", "a seed" if not known.redirects else "where a seed redirects to"
    elif not known.parents:
        yield "found", "again in the records, when the scope became wider"
    for number, parent in enumerate(known.parents):
        if number == _MOST_PARENTS < len(known.parents) - 1:
            yield "", f"and {len(known.parents) - number} more, back to {known.parents[-1]}"
            break
        how = "redirected from" if parent in known.redirects else "found on"
        yield how, parent


def _host(host: HostTurn, now: int) -> str:
    text = f"{host.host}: " + (f"every {delay(host.delay_ms)}" if host.delay_ms else "no delay")
    if host.paused_until is not None:
        text += f", paused until {moment(host.paused_until, now)}"
    elif host.next_at > now:
        text += f", next turn at {moment(host.next_at, now)}"
    counts = f"{host.ready} ready, {host.leased} leased, {host.waiting} waiting, {host.done} done"
    text += f"; {counts}" + (f", {host.fails} failed" if host.fails else "")
    return text + _health(host)


def _health(host: HostTurn) -> str:
    text = f"; latency {host.latency_ms} ms" if host.latency_ms is not None else ""
    if host.failures_in_row:
        times = host.failures_in_row
        often = "once" if times == 1 else f"{times} times in a row"
        text += f"; failed {often} ({host.last_failure})"
    if host.throttled:
        text += f"; {host.throttled} answers asked to slow down"
    return text
