"""How a step of a try ended, in one word and in a sentence."""

from typing import Any

import orjson

from crawler.model.result import Fetched, Redirected
from crawler.model.secret import HIDDEN
from crawler.pipeline.moments import rfc3339
from crawler.pipeline.settlement import Settlement
from crawler.pipeline.trying.trial import Hop, Outcome, Response


def ended(hop: Hop, settlement: Settlement) -> Outcome:
    """Take the line as a crawl would write it, and say what it tells."""
    record: dict[str, Any] = orjson.loads(settlement.line)
    hop.record = record
    error, detail = record["error"], record["error_detail"]
    if error is None:
        return Outcome(what="response", reason=None, text=f"status {record['status']}")
    text = f"error {error}" + (f": {detail}" if detail else "")
    return Outcome(what="failed", reason=error, text=text)


def refused(reason: str, hop: Hop) -> Outcome:
    """Say which rule keeps a URL from being asked for."""
    return Outcome(what="refused", reason=reason, text=f"{hop.url} is not asked for: {reason}")


def deferred(reason: str, due_at: int | None) -> Outcome:
    """Say when a crawl would ask again; `due_at` in ms."""
    later = "later" if due_at is None else f"not before {rfc3339(due_at)}"
    return Outcome(what="deferred", reason=reason, text=f"{reason}; a crawl asks again {later}")


def response_of(result: Fetched | Redirected, kept_at: int | None) -> Response:
    """Return what is shown of an answer, which was kept at that time if it was not made now."""
    return Response(
        status=result.status,
        headers={k: HIDDEN if k == "set-cookie" else v for k, v in result.headers.items()},
        bytes=len(result.body) if isinstance(result, Fetched) else 0,
        truncated=isinstance(result, Fetched) and result.truncated,
        elapsed_ms=result.elapsed_ms,
        attempts=result.attempts,
        kept_at=kept_at,
    )
