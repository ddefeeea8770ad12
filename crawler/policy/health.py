"""How well a host is, from what requests to it came to, and what a failing one is spared.

A failure of the host is one that its next page would most likely meet too. Failures in a row are
counted in rounds: requests side by side are one (`HostNote.failed_at`). Each round pauses the host
for longer, and soon a page is no more than a probe. Why these numbers: ADR 23.
"""

from crawler.model.result import Deferred, Failed, Fetched, FetchResult, Redirected
from crawler.policy.politeness import RETRY_STATUSES

FIRST_PAUSE_MS = 30_000
MAX_PAUSE_MS = 3_600_000

UNREACHED = frozenset({"dns", "connect", "tls"})
"""Nobody is there to talk to: the next page would fare alike, from the first one on."""

OF_THE_PAGE = frozenset({"http_500", "protocol"})
"""More often a fault of some pages than of their server: it takes more of them to tell."""

_OF_THE_HOST = UNREACHED | OF_THE_PAGE | {"timeout", "reset"}

PROBE_FROM = 3
"""From so many failures in a row on a host has one request at a time."""

_ENOUGH_OF_THE_PAGE = 10
_LOST_AFTER = 5
"""Rounds of pauses after which a server counts as lost, though it may answer connections."""

SLOW_DOWN = frozenset({429, 503})
"""Answers that say that we are too fast, or the server too slow."""


def host_failure(result: FetchResult) -> str | None:
    """Name the failure of the host that a fetch ended with; None where there is none.

    Other statuses, redirects, codings that cannot be decoded are answers; a blocked address is our
    own doing.
    """
    match result:
        case Fetched() if result.status in RETRY_STATUSES:
            return f"http_{result.status}"
        case Failed() if result.error in _OF_THE_HOST:
            return result.error
        case Deferred():
            return result.reason
    return None


def is_answer(result: FetchResult) -> bool:
    """Whether a response came that does not ask us to slow down."""
    if isinstance(result, Redirected):
        return True
    if isinstance(result, Fetched):
        return result.status not in RETRY_STATUSES
    return isinstance(result, Failed) and result.error == "decode"


def is_probe(failures: int, failure: str) -> bool:
    """Whether a page of a host with so many failures in a row has one try at a time.

    It is put back after it: to insist would cost a sick host, and us, four times as much.
    """
    return failures >= _enough(failure)


def pause_ms(failures: int, failure: str, window_ms: int, jitter: float) -> int:
    """Return how long a host is left alone after its last failure; 0: not at all.

    Args:
        failures: in a row, this one included.
        failure: what this one was, as `host_failure` names it.
        window_ms: the pause after the first failures of a server that is not there.
        jitter: random, 0 to 1: spreads the pause by a tenth to both sides, so that hosts which
            fell ill together are not all asked together again.
    """
    rounds = failures - _enough(failure)
    if rounds < 0:
        return window_ms if failure in UNREACHED else 0
    pause = min(FIRST_PAUSE_MS << min(rounds, 16), MAX_PAUSE_MS)
    return min(int(pause * (0.9 + jitter / 5)), MAX_PAUSE_MS)


def is_lost(failures: int, failure: str) -> bool:
    """Whether robots.txt is asked for before anything else: it backs off for all URLs at once."""
    return failure in UNREACHED or failures >= _enough(failure) + _LOST_AFTER


def _enough(failure: str) -> int:
    return _ENOUGH_OF_THE_PAGE if failure in OF_THE_PAGE else PROBE_FROM
