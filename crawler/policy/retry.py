"""Whether a try is repeated: inside its lease, later, or not at all."""

from typing import NamedTuple

from crawler.model.plan import Plan
from crawler.model.result import Deferred, Failed, Fetched, Redirected
from crawler.model.work import Item
from crawler.policy.health import is_probe
from crawler.policy.politeness import RETRY_STATUSES, pause_until

LEASE_MARGIN_MS = 5_000
"""A try must be able to end this long before its lease does."""

RETRY_ERRORS = frozenset({"reset", "timeout", "connect"})
"""Failures that may pass by themselves. A name that does not exist, a bad certificate, broken HTTP
or coding and a forbidden address will be the same in a second."""


class Again(NamedTuple):
    """Try again inside this lease, after a wait."""

    wait_ms: int


def after_try(
    plan: Plan,
    item: Item,
    result: Fetched | Redirected | Failed,
    *,
    cut: bool,
    now: int,
    jitter: float,
) -> Again | Deferred | None:
    """Decide what follows a try; None: its result is final.

    Args:
        plan: tries, base of the back-off, the longest wait, the time a try may take.
        item: its delay, its lease, and how its host fares.
        result: of the try; its `attempts` count this one.
        cut: the connection broke within the body.
        now: the job's clock.
        jitter: random, 0 to 1.
    """
    reason = _reason(result, cut=cut)
    if reason is None or result.attempts > plan.retries:
        return None
    if isinstance(result, Fetched):
        until = pause_until(result.status, result.headers, now)
        if until is not None:
            return _deferred(result, reason, until, pause_host=True)
    wait_ms = wait_before_retry_ms(plan, item.delay_ms, result.attempts, jitter)
    if is_probe(item.host_failures, reason):
        # Its host pauses, and for longer than this: what for how long is the reader's to say.
        return _deferred(result, reason, now + wait_ms, pause_host=False)
    ends_at = now + wait_ms + plan.timeout_ms + LEASE_MARGIN_MS
    if wait_ms > plan.window_ms or ends_at > item.lease_until:
        return _deferred(result, reason, now + wait_ms, pause_host=False)
    return Again(wait_ms)


def wait_before_retry_ms(plan: Plan, delay_ms: int, attempts: int, jitter: float) -> int:
    """Exponential from the base, up to half of it more by chance, within the window.

    Never sooner than the host's delay, which may exceed the window.
    """
    growing = plan.retry_base_ms << min(max(attempts - 1, 0), 20)
    return max(min(int(growing * (1 + jitter / 2)), plan.window_ms), delay_ms)


def _reason(result: Fetched | Redirected | Failed, *, cut: bool) -> str | None:
    if isinstance(result, Failed):
        return result.error if result.error in RETRY_ERRORS or result.passing else None
    if isinstance(result, Fetched):
        if result.status in RETRY_STATUSES:
            return f"http_{result.status}"
        # An error page is not worth another request.
        if cut and result.status < 400:
            return "reset"
    return None


def _deferred(
    result: Fetched | Redirected | Failed, reason: str, due_at: int, *, pause_host: bool
) -> Deferred:
    return Deferred(
        attempts=result.attempts,
        started_at=result.started_at,
        elapsed_ms=result.elapsed_ms,
        throttled=result.throttled,
        reason=reason,
        due_at=due_at,
        pause_host=pause_host,
    )
