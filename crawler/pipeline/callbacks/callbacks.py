"""Calls the functions of `[[extract]]` tables; whatever they do, the page has its record."""

import asyncio
import inspect
from collections.abc import Iterable
from itertools import islice
from typing import Any

import orjson

from crawler.api import Document, Extraction, Link
from crawler.errors import lack_of
from crawler.logs import get_logger
from crawler.model.document import Document as Parsed
from crawler.model.extras import ExtraLink, Extras
from crawler.model.plan import Plan
from crawler.model.result import Fetched
from crawler.model.text import one_line
from crawler.pipeline.callbacks.loading import Callback, load_callbacks, place_of, told
from crawler.pipeline.callbacks.time_guard import Overtime, TimeGuard
from crawler.policy.canonicalization import LinkResolver
from crawler.policy.tables import Tables

MAX_FIELDS_BYTES = 1_000_000
"""Of the fields of one page, as JSON."""
MAX_LINKS = 10_000
"""Of one call."""
_SHOWN = 80


class Callbacks:
    """The callbacks of a crawl; one instance per process."""

    def __init__(self, plan: Plan, resolver: LinkResolver) -> None:
        """Raises `ConfigError` where a function is not to be had."""
        self._callbacks = load_callbacks(plan.extract)
        self._tables = Tables(plan.extract)
        self._limit_s = plan.extract_timeout_ms / 1000
        self._resolver = resolver
        self._guard = TimeGuard()
        self._log = get_logger("crawler.callbacks")

    def wants(self, url: str, result: Fetched) -> bool:
        """Whether a function will be called: error pages are no page that was asked for."""
        return 200 <= result.status < 300 and self._named(url) is not None

    def _named(self, url: str) -> str | None:
        table = self._tables.of(url)
        return None if table is None else table.python

    async def call(self, url: str, result: Fetched, parsed: Parsed | None, extras: Extras) -> None:
        """Call the function of the URL's table, if it has one; add to `extras` what it returns.

        Its fields win over those that the table has taken. Where it fails, `extract_error` says
        how, and what the table has taken stays.
        """
        name = self._named(url)
        if name is None or not 200 <= result.status < 300:
            return
        callback = self._callbacks[name]
        document = Document(
            url=url,
            status=result.status,
            headers=result.headers,
            body=result.body,
            parsed=parsed,
            root=extras.tree,
            fields=dict(extras.fields),
        )
        faults: list[str] = []
        try:
            checked = await self._checked(callback, document, faults)
            extras.fields = {**extras.fields, **checked[0]}
            extras.links = checked[1]
        except Overtime as late:
            where = place_of(late.__traceback__, callback.directory)
            faults = [f"did not return within {self._limit_s:g} s{where}"]
            self._log.warning("callback_ended", url=url, callback=name, limit_s=self._limit_s)
        except _Unusable as unusable:
            faults = [str(unusable)]
        except BaseException as error:
            if _is_cancelled(error) or lack_of(error) is not None:
                raise
            faults = [f"raised {told(error, callback.directory)}"]
        extras.extract_error = _joined(
            extras.extract_error, [f"callback {name} {fault}" for fault in faults]
        )

    async def _checked(
        self, callback: Callback, document: Document, faults: list[str]
    ) -> tuple[dict[str, object], tuple[ExtraLink, ...]]:
        """Return fields and links of one call; their own code, if they have any, is guarded too."""
        guard, limit_s = self._guard, self._limit_s
        resolver = self._resolver
        await guard.turn()

        def call() -> Any:
            returned = callback.function(document)
            if inspect.iscoroutine(returned):
                return returned
            return _read(returned, document, resolver, faults)

        returned = guard.call(call, limit_s)
        if not inspect.iscoroutine(returned):
            return returned  # type: ignore[no-any-return]
        awaited = await guard.run(returned, limit_s)
        return guard.call(lambda: _read(awaited, document, resolver, faults), limit_s)


class _Unusable(Exception):
    """What a callback returned is of no use; the message says why."""


def _read(
    returned: object, document: Document, resolver: LinkResolver, faults: list[str]
) -> tuple[dict[str, object], tuple[ExtraLink, ...]]:
    if returned is None:
        return {}, ()
    if isinstance(returned, dict):
        return _fields(returned), ()
    if not isinstance(returned, Extraction):
        kind = type(returned).__name__
        hint = ": return one, do not yield" if "generator" in kind else ""
        raise _Unusable(f"returned {kind}, not Extraction or dict{hint}")
    links = _links(returned.links, document, resolver, faults)
    try:
        return _fields(returned.fields), links
    except _Unusable as unusable:
        faults.append(str(unusable))
        return {}, links


def _fields(given: object) -> dict[str, object]:
    """Return the fields as plain JSON values, which no later act of the callback can change."""
    if not isinstance(given, dict):
        raise _Unusable(f"returned fields that are {type(given).__name__}, not dict")
    try:
        encoded = orjson.dumps(given)
    except (TypeError, ValueError, RecursionError):
        raise _Unusable(_unwritable(given)) from None
    if len(encoded) > MAX_FIELDS_BYTES:
        raise _Unusable(
            f"returned fields of {len(encoded)} bytes, more than {MAX_FIELDS_BYTES} are not kept"
        )
    return orjson.loads(encoded)  # type: ignore[no-any-return]


def _unwritable(fields: dict[object, object]) -> str:
    """Name the field that JSON cannot hold, and why."""
    for name, value in fields.items():
        if not isinstance(name, str):
            return f"returned a field whose name is {type(name).__name__}, not text"
        try:
            orjson.dumps({name: value})
        except (TypeError, ValueError, RecursionError) as error:
            reason = str(error).removeprefix("Type is not JSON serializable: ")
            if reason != str(error):
                reason = f"JSON has no {reason}"
            return one_line(f"returned a field {name[:_SHOWN]!r} that cannot be written: {reason}")
    return "returned fields that cannot be written"


def _links(
    given: Iterable[object], document: Document, resolver: LinkResolver, faults: list[str]
) -> tuple[ExtraLink, ...]:
    """Return the links that can be used, canonical; the first one that cannot is a fault."""
    try:
        found = list(islice(given, MAX_LINKS + 1)) if not isinstance(given, str) else [given]
    except TypeError:
        if hasattr(type(given), "__iter__"):
            raise
        faults.append(f"returned links that are {type(given).__name__}, not a list")
        return ()
    if len(found) > MAX_LINKS:
        faults.append(f"returned more than {MAX_LINKS} links")
        del found[MAX_LINKS:]
    links: list[ExtraLink] = []
    unusable: list[str] = []
    for one in found:
        link = Link(one) if isinstance(one, str) else one
        fault = _fault(link)
        if fault is None:
            assert isinstance(link, Link)  # noqa: S101 - said by `_fault`
            try:
                targets = resolver.resolve(document.url, [document.absolute(link.url)])
            except ValueError:
                targets = []
            links += [ExtraLink(target, link.depth, link.priority) for target in targets]
            fault = None if targets else f"{one_line(link.url[:_SHOWN])!r}, which cannot be crawled"
        if fault is not None:
            unusable.append(fault)
    if unusable:
        more = f" (and {len(unusable) - 1} more)" if len(unusable) > 1 else ""
        faults.append(f"returned a link {unusable[0]}{more}")
    return tuple(links)


def _fault(link: object) -> str | None:
    """Return what is wrong with the form of a link."""
    if not isinstance(link, Link):
        return f"that is {type(link).__name__}, not Link or text"
    if not isinstance(link.url, str):
        return f"whose url is {type(link.url).__name__}, not text"
    depth, priority = link.depth, link.priority
    if depth is not None and not (_is_int(depth) and 0 <= depth <= _MAX_DEPTH):
        return f"whose depth is {depth!r:.40}, not a number from 0 on"
    if not (_is_int(priority) and 0 <= priority <= _MAX_PRIORITY):
        return f"whose priority is {priority!r:.40}, not 0 to 9"
    return None


_MAX_DEPTH = 1_000_000
_MAX_PRIORITY = 9


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _joined(before: str | None, faults: Iterable[str]) -> str | None:
    return "; ".join([*([before] if before else []), *faults]) or None


def _is_cancelled(error: BaseException) -> bool:
    """Whether the crawl itself ends this task; a callback may raise the same error on its own."""
    task = asyncio.current_task()
    if task is None or not isinstance(error, asyncio.CancelledError):
        return isinstance(error, GeneratorExit)
    return task.cancelling() > 0
