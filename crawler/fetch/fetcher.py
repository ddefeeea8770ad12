"""One fetch: a try, and more tries inside the lease where that may help.

What a fetch comes to is a value of `crawler.model.result`; raised are only a cancellation, and a
`MachineError` where this machine lacks what a connection needs.
"""

import dataclasses
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import aiohttp
from yarl import URL

from crawler.errors import lack_of
from crawler.fetch.access import Access
from crawler.fetch.body import Body, read_body
from crawler.fetch.client import Sending, open_session
from crawler.fetch.errors import CAUGHT, failure_detail, failure_kind, is_passing
from crawler.fetch.guard import BlockedAddressError, Guard, GuardedResolver
from crawler.fetch.headers import fault_of, read_headers
from crawler.fetch.protocol import BadResponseError
from crawler.model.measures import Measures
from crawler.model.plan import Plan
from crawler.model.result import Deferred, Failed, Fetched, FetchResult, Redirected
from crawler.model.site import Headers
from crawler.model.work import Item
from crawler.policy.health import SLOW_DOWN
from crawler.policy.retry import Again, after_try
from crawler.policy.sitemaps import MAX_BYTES as MAX_SITEMAP_BYTES
from crawler.ports import Now

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from crawler.fetch.capture import Capturing
    from crawler.model.capture import Capture

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_DRAINED_BYTES = 65_536


class Try(NamedTuple):
    """What one HTTP request came to."""

    result: Fetched | Redirected | Failed
    cut: bool = False
    """The connection broke within the body."""


class _Step(NamedTuple):
    result: FetchResult
    again: Again | None
    """A wait, and then another try; None: `result` is the end."""


class Fetcher:
    """Fetches for one reader process; `open` after the fork, `close` at the end."""

    def __init__(self, plan: Plan, now: Now, measures: Measures | None = None) -> None:
        self._plan = plan
        self._now = now
        self._measures = measures or Measures()
        self._guard = Guard(plan.allow_net)
        self._access = Access(plan, now)
        self._capturing: Capturing | None = None
        if plan.store == "warc":
            from crawler.fetch import capture  # noqa: PLC0415 - only for who keeps bodies

            self._capturing = capture.Capturing(plan)
        self._session: aiohttp.ClientSession
        self._resolver: GuardedResolver | None = None

    async def open(self) -> None:
        """Open the session; no connection is made yet."""
        self._session, self._resolver = await open_session(self._plan, self._guard)

    async def close(self) -> None:
        """Close all connections; harmless if never opened."""
        if self._resolver is not None:
            await self._session.close()
            await self._resolver.close()
            self._resolver = None

    async def fetch(self, item: Item, *, headers: Headers = ()) -> FetchResult:
        """Fetch a page, and say how that ended; redirects are returned, not followed."""
        step = await self._step(item, headers, item.tries + 1)
        if step.again is None:
            # Nearly all fetches end here. tenacity costs about 30 us a call, a fifth of a small
            # page, so it is entered only when there is something to repeat.
            return step.result
        return await self._repeat(item, headers, step)

    async def ask_robots(self, url: str, *, cap: int) -> Try:
        """Make one request for rules: under the site's own name, but without any secret."""
        answer = await self.try_once(url, headers=self._access.agent(url), cap=cap)
        self._measures.tried(answer.result.elapsed_ms)
        return answer

    async def try_once(
        self, url: str, *, headers: Headers = (), attempts: int = 1, cap: int | None = None
    ) -> Try:
        """Make one HTTP request.

        Args:
            url: canonical.
            headers: sent in addition to the session's.
            attempts: HTTP tries of the visit, this one included.
            cap: bytes of body to take, decoded; None: as the plan has it.
        """
        begun_at = self._now()
        keeps = self._capturing is not None
        sending = Sending(self._now, with_peer=keeps)
        try:
            response, named = await self._request(url, headers, sending)
            try:
                status = response.status
                location = named.get("location") if status in REDIRECTS else None
                if location:
                    rest = await _drain(response, named if keeps else {})
                    result: Fetched | Redirected = Redirected(
                        attempts=attempts,
                        started_at=begun_at if sending.at is None else sending.at,
                        elapsed_ms=self._now() - begun_at,
                        status=status,
                        headers=named,
                        location=location,
                        capture=self._capture(response, sending, rest),
                    )
                    return Try(result)
                body = await _read(
                    response, named, self._plan.max_body_bytes if cap is None else cap
                )
                result = Fetched(
                    attempts=attempts,
                    started_at=begun_at if sending.at is None else sending.at,
                    elapsed_ms=self._now() - begun_at,
                    status=status,
                    headers=named,
                    body=body.data,
                    truncated=body.end != "whole",
                    is_capped=body.end == "capped",
                    capture=self._capture(response, sending, body),
                )
                return Try(result, body.end == "broken")
            finally:
                # Nothing to do for a body that was read to its end: its connection is back in the
                # pool. The rest of any other body is never read.
                if not response.closed:
                    response.close()
        except CAUGHT as error:
            if (lack := lack_of(error)) is not None:
                raise lack from error
            return Try(
                Failed(
                    attempts=attempts,
                    started_at=begun_at if sending.at is None else sending.at,
                    elapsed_ms=self._now() - begun_at,
                    error=failure_kind(error),
                    detail=failure_detail(error),
                    passing=is_passing(error),
                )
            )

    def _capture(
        self, response: aiohttp.ClientResponse, sending: Sending, body: Body
    ) -> "Capture | None":
        if self._capturing is None:
            return None
        return self._capturing.capture(response, sending, body)

    async def _request(
        self, url: str, headers: Headers, sending: Sending
    ) -> tuple[aiohttp.ClientResponse, dict[str, str]]:
        target = URL(url, encoded=True)
        if self._plan.proxy is not None and self._guard.refuses_literal(target.raw_host or ""):
            raise BlockedAddressError(target.raw_host or "")
        response = await self._session.get(
            target, headers=headers or None, allow_redirects=False, middlewares=(sending,)
        )
        if response.status < 200:
            response.close()
            raise BadResponseError(f"status {response.status} is no answer")
        self._access.keep(url, response.headers)
        named, size = read_headers(response.headers)
        fault = fault_of(named, size)
        if fault is not None:
            response.close()
            raise BadResponseError(fault)
        return response, named

    async def _step(self, item: Item, headers: Headers, attempts: int, throttled: int = 0) -> _Step:
        cap = MAX_SITEMAP_BYTES if item.kind == "sitemap" else None
        if self._access:
            headers = self._access.headers(item.url, headers)
        result, is_cut = await self.try_once(item.url, headers=headers, attempts=attempts, cap=cap)
        self._measures.tried(result.elapsed_ms)
        if isinstance(result, Fetched) and result.status in SLOW_DOWN:
            throttled += 1
        if throttled:
            result = dataclasses.replace(result, throttled=throttled)
        decision = after_try(
            self._plan,
            item,
            result,
            cut=is_cut,
            now=self._now(),
            jitter=random.random(),  # noqa: S311 - spreads load, guards nothing
        )
        match decision:
            case None:
                return _Step(result, None)
            case Deferred():
                return _Step(decision, None)
            case Again():
                return _Step(result, decision)

    async def _repeat(self, item: Item, headers: Headers, first: _Step) -> FetchResult:
        """Wait and try again until a step is the end; `after_try` bounds the number."""
        # Most crawls of a page or two never come here; loading it is 3 ms.
        from tenacity import AsyncRetrying, retry_if_result  # noqa: PLC0415

        attempts, throttled = first.result.attempts, first.result.throttled
        begun = False

        async def next_step() -> _Step:
            nonlocal attempts, throttled, begun
            if not begun:
                # tenacity begins with a try: that one has been made.
                begun = True
                return first
            attempts += 1
            step = await self._step(item, headers, attempts, throttled)
            throttled = step.result.throttled
            return step

        # One for each call, whose state it holds.
        retrying = AsyncRetrying(
            retry=retry_if_result(_wants_another_try), wait=_wait_s, reraise=True
        )
        last: _Step = await retrying(next_step)
        return last.result


def _wants_another_try(step: _Step) -> bool:
    return step.again is not None


def _wait_s(state: "RetryCallState") -> float:
    step: _Step | None = state.outcome.result() if state.outcome else None
    return step.again.wait_ms / 1000 if step and step.again else 0.0


async def _read(response: aiohttp.ClientResponse, headers: Mapping[str, str], cap: int) -> Body:
    """Return the body, or what there is of it.

    What came before a break or a time-out is kept: the links in it are good. Nothing is kept of a
    body that cannot be decoded.
    """
    received: list[bytes] = []
    try:
        return await read_body(response.content, headers.get("content-encoding"), cap, received)
    except CAUGHT as error:
        kind = failure_kind(error)
        if kind == "decode" or (response.status < 400 and not any(received)):
            raise
        return Body(b"".join(received), "late" if kind == "timeout" else "broken")


async def _drain(response: aiohttp.ClientResponse, headers: Mapping[str, str]) -> Body:
    """Read the body of a redirect, so that the connection can be used again; a long one costs it.

    Whatever is wrong with it, the redirect holds.
    """
    try:
        return await _read(response, headers, _MAX_DRAINED_BYTES)
    except CAUGHT:
        return Body(b"", "short")
