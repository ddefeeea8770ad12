"""The frontier's contract as plain Python: slow, not durable; adapters must agree with it."""

import itertools
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from crawler.errors import FrontierError
from crawler.frontier import CORE_COUNTERS
from crawler.frontier.keys import Keys
from crawler.model.control import (
    RETRIABLE_REASONS,
    Choice,
    Failure,
    Halted,
    HostRow,
    HostSort,
    OriginRules,
)
from crawler.model.origin import OriginState
from crawler.model.result import NO_SERVER, Batch, KeptBody, Result, Rules
from crawler.model.url import host_key, origin
from crawler.model.view import Explanation, HostReport, HostState, HostUrl, Outlook, Undone
from crawler.model.work import Item, Link
from crawler.policy.health import PROBE_FROM
from crawler.ports import (
    AddResult,
    CommitResult,
    FrontierOptions,
    HostTerms,
    Part,
    Reopened,
    StoredRules,
)
from tests.support.memory_parts import MemorySealedParts

MOVES_PER_HOST = 100
MAX_FUTURE_MS = 31 * 24 * 3_600_000
DAY_MS = 24 * 3_600_000


@dataclass
class Url:
    ref: int
    host: "Host"
    link: Link
    depth: int
    state: str = "ready"
    seed: bool = False
    parent: int | None = None
    reason: str | None = None
    at: int = 0
    lease_id: int | None = None
    tries: int = 0
    crashes: int = 0
    visits: int = 0
    is_page: bool = False
    status: int | None = None
    part: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_hash: bytes | None = None
    leads_on: bool = False
    visited_at: int | None = None
    due: int | None = None
    interval_ms: int | None = None
    misses: int = 0
    listed: bool = False
    turn: tuple[int, int] = (-1, -1)
    """Of a URL that is visited again: pages come after sitemaps, then what was due first."""

    @property
    def again(self):
        return self.turn[0] >= 0

    @property
    def kind(self):
        return self.link.kind

    @property
    def url(self):
        return self.link.url


@dataclass
class Origin:
    ref: int
    host: "Host"
    name: str
    verdict: str | None = None
    obstacle: str | None = None
    body: bytes | None = None
    version: int = 0
    expires_at: int = 0
    due: int = 0
    crawl_delay_ms: int = 0
    failures: int = 0
    unreachable: int = 0
    owes: bool = False
    gone: bool = False
    burying: bool = False
    crashes: int = 0
    lease_id: int | None = None
    lease_until: int = 0
    status: int | None = None
    fetched_at: int | None = None
    failing_since: int | None = None


@dataclass
class Host:
    name: str
    key: int
    next_at: int
    last_start: int = 0
    paused_until: int = 0
    fails: int = 0
    pages: int = 0
    streak: int = 0
    failed_at: int | None = None
    last_failure: str | None = None
    latency_ms: int | None = None
    throttled: int = 0
    halted: bool = False
    urls: list[Url] = field(default_factory=list)
    origins: dict[str, Origin] = field(default_factory=dict)

    def count(self, state):
        return sum(url.state == state for url in self.urls)

    @property
    def asking(self):
        return sum(o.lease_id is not None for o in self.origins.values())

    def ready(self):
        ready = [url for url in self.urls if url.state == "ready"]
        return sorted(ready, key=place)

    @property
    def has_again(self):
        return any(url.again for url in self.ready())


def place(url: Url):
    if not url.again:
        return (0, url.link.priority, -1, url.ref)
    return (1, *url.turn, url.ref)


class MemoryFrontier:
    def __init__(self, options: FrontierOptions, *, seed: int = 1) -> None:
        self.options = options
        self.keys = Keys(seed)
        self.hosts_by_key: dict[int, Host] = {}
        self.urls: dict[tuple[str, str], Url] = {}
        self.by_ref: dict[int, Url] = {}
        self.origins: dict[int, Origin] = {}
        self.extra: Counter[str] = Counter()
        self.part_rows: dict[int, tuple[str, Part]] = {}
        self.kept: dict[bytes, KeptBody] = {}
        self.part_refs: set[tuple[int, int]] = set()
        self.sealed = MemorySealedParts(self)
        self.root_list: list[str] = []
        self.values: dict[str, str] = {}
        self.refs = itertools.count(1)
        self.leases = itertools.count(1 << 32)
        self.ahead: Mapping[int, int] = {}
        self.only_again = False
        self.times = ""
        self.control = MemoryControl(self)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    # --- hosts

    def host_of(self, name: str, now: int) -> Host:
        key = self.keys.host(name)
        return self.hosts_by_key.setdefault(key, Host(name, key, now))

    def delay(self, host: Host) -> int:
        delays = [o.crawl_delay_ms for o in host.origins.values()]
        wanted = self.options.adaptive_factor * (host.latency_ms or 0)
        adaptive = min(self.options.adaptive_cap_ms, wanted)
        return max([self.terms(host).delay_ms, adaptive, *delays])

    def terms(self, host: Host) -> HostTerms:
        options = self.options
        own = options.terms_of(host.name) if options.terms_of else None
        return own or HostTerms(
            options.delay_ms,
            options.per_host,
            options.max_pages_per_host,
            options.max_depth,
            options.recrawl_ms,
        )

    def free_leases(self, host: Host) -> int:
        limit = 4 * self.terms(host).per_host
        is_single = self.delay(host) or host.streak >= PROBE_FROM
        limit = 1 if is_single else max(limit, self.ahead.get(host.key, 0))
        return limit - host.count("leased")

    def budget(self, host: Host) -> int:
        limit = self.terms(host).max_pages
        return 1 << 31 if limit is None else limit - host.pages - host.count("leased")

    def is_claimable(self, host: Host) -> bool:
        return bool(
            host.count("ready")
            and not host.halted
            and not host.asking
            and self.free_leases(host) > 0
            and (self.budget(host) > 0 or host.has_again)
            and (self.page_budget() > 0 or host.has_again)
        )

    def is_held(self, host: Host) -> bool:
        return any(not url.again for url in host.ready()) and self.budget(host) <= 0

    def owns_requisites(self, host: Host) -> bool:
        """Has requisites that may be asked for whatever the budgets of pages say."""
        ready = any(url.kind == "requisite" for url in host.ready())
        return ready and not host.halted and not host.asking and self.free_leases(host) > 0

    def page_budget(self) -> int:
        if self.options.max_pages is None:
            return 1 << 31
        leased = sum(url.state == "leased" for url in self.urls.values())
        return self.options.max_pages - self.extra["pages"] - leased

    # --- adding

    async def add(self, links: Sequence[Link], *, now: int) -> AddResult:
        new = self.insert(links, now)
        return AddResult(new, len(links) - new)

    def insert(self, links: Sequence[Link], now: int) -> int:
        merged: dict[tuple[str, str], Link] = {}
        for link in links:
            key = self.key(link)
            first = merged.setdefault(key, link)
            if first.kind != link.kind:
                page, other = (first, link) if first.kind == "page" else (link, first)
                best = min(page.priority, other.priority)
                merged[key] = page._replace(priority=best) if self.is_near(page) else other
                continue
            nearer = link if link.depth < first.depth else first
            is_seed = link.kind == "page" and (first.seed or link.seed)
            dates = [date for date in (first.modified_at, link.modified_at) if date]
            merged[key] = nearer._replace(seed=is_seed, modified_at=max(dates, default=None))
        return sum(self.insert_one(link, now) for link in merged.values())

    @staticmethod
    def key(link: Link) -> tuple[str, str]:
        return "sitemap" if link.kind == "sitemap" else "page", link.url

    def is_near(self, link: Link) -> bool:
        limit = self.terms(Host(host_key(link.url), 0, 0)).max_depth
        return limit is None or link.depth <= limit or link.kind != "page"

    def insert_one(self, link: Link, now: int) -> bool:
        name = host_key(link.url)
        limit = self.terms(Host(name, 0, 0)).max_depth
        is_near = self.is_near(link)
        known = self.urls.get(self.key(link))
        if known is None:
            if link.kind == "sitemap" and self.has_enough_sitemaps(name):
                self.extra["refused:sitemap_count"] += 1
                return False
            host = self.host_of(name, now)
            url = Url(next(self.refs), host, link, link.depth, seed=link.seed, parent=link.parent)
            if not is_near:
                url.state, url.reason = "dead", "depth"
            host.urls.append(url)
            self.urls[self.key(link)] = self.by_ref[url.ref] = url
            self.extra["requisites_found"] += link.kind == "requisite"
            return True
        if link.kind == "requisite":
            if known.state == "dead" and known.reason == "depth":
                known.link, known.depth, known.parent = link, link.depth, link.parent
                known.state, known.reason = "ready", None
                self.extra["requisites_found"] += 1
            return False
        if known.kind == "requisite":
            if is_near:
                self.promote(known, link)
                known.seed = known.seed or link.seed
            return False
        if link.depth < known.depth and (limit is not None or link.seed):
            known.depth, known.parent = link.depth, link.parent
            if known.reason == "depth" and known.state == "dead" and is_near:
                known.state, known.reason = "ready", None
        known.seed = known.seed or link.seed
        return False

    @staticmethod
    def promote(url: Url, link: Link) -> None:
        if url.state == "done" and not url.leads_on:
            return
        url.link = link._replace(priority=min(link.priority, url.link.priority))
        url.depth, url.parent = link.depth, link.parent
        standing = ("robots", "origin_unreachable")
        if url.state == "done" or (url.state == "dead" and url.reason not in standing):
            url.state, url.reason = "ready", None
        url.is_page, url.status, url.part = False, None, None
        url.etag = url.last_modified = url.content_hash = None
        url.misses = 0

    def changed(self, links: Sequence[Link], now: int) -> list[Url]:
        if self.options.recrawl_ms is None and not self.options.recrawl_by:
            return []
        found = []
        for link in links:
            url = self.urls.get(self.key(link))
            if url is None or url.state != "done" or None in (url.due, url.visited_at):
                continue
            if url.visited_at < (link.modified_at or 0) and url.due > self.earliest(url, now):
                found.append(url)
        return found

    def earliest(self, url: Url, now: int) -> int:
        recrawl_ms = self.terms(url.host).recrawl_ms or 0
        least_ms = max(min(self.options.recrawl_min_ms, recrawl_ms), self.options.window_ms)
        return max(now, url.visited_at + least_ms)

    def pull(self, urls: Sequence[Url], now: int) -> None:
        for url in urls:
            if url.state == "done" and url.due is not None and url.due > self.earliest(url, now):
                url.due = self.earliest(url, now)
                if url.due <= now:
                    self.wake(url)

    def wake(self, url: Url) -> None:
        url.state, url.reason = "ready", None
        url.turn = (0 if url.link.kind == "sitemap" else 1, url.due)
        for entry in url.host.origins.values():
            if entry.gone:
                entry.gone = entry.burying = False
                entry.unreachable = entry.crashes = 0

    def bury(self, url: Url, now: int) -> None:
        if url.again:
            recrawl_ms = self.terms(url.host).recrawl_ms
            url.state, url.part = "done", None
            url.due = None if recrawl_ms is None else now + recrawl_ms
        else:
            url.state, url.reason = "dead", "origin_unreachable"

    def put_off(self, url: Url, due: int) -> None:
        url.state, url.at = "waiting", due
        url.turn = (url.turn[0], -1)

    def has_enough_sitemaps(self, name: str) -> bool:
        sitemaps = [u for u in self.urls.values() if u.link.kind == "sitemap"]
        return sum(u.host.name == name for u in sitemaps) >= self.options.max_sitemaps_per_host

    # --- claiming

    async def claim(
        self, limit: int, *, now: int, ahead: Mapping[int, int] | None = None
    ) -> list[Item]:
        self.ahead = ahead or {}
        budget = min(limit, self.page_budget())
        hosts = [h for h in self.hosts_by_key.values() if self.is_claimable(h) and h.next_at <= now]
        others = []
        if self.options.requisites:
            others = [h for h in self.hosts_by_key.values() if self.owns_requisites(h)]
            others = [h for h in others if h.next_at <= now and (budget <= 0 or self.is_held(h))]
        items: list[Item] = []
        self.only_again = budget <= 0
        served = {host.key for host in hosts}
        others = [host for host in others if host.key not in served]
        self.serve_all(hosts, limit if self.only_again else budget, now, items)
        self.only_again = False
        self.serve_all(others, limit, now, items, only="requisite")
        return items

    def serve_all(self, hosts, limit, now, items, only=None) -> None:
        hosts.sort(key=lambda host: (host.next_at, host.key))
        for index, host in enumerate(hosts):
            left = limit - len(items)
            if left <= 0:
                break
            turns = max(1, min(len(hosts), limit) - index)
            items += self.serve(host, -(-left // turns), now, only)

    def serve(self, host: Host, share: int, now: int, only: str | None = None) -> list[Item]:
        only_again = not only and (self.only_again or self.budget(host) <= 0)
        if self.options.robots and (owing := [o for o in host.origins.values() if o.owes]):
            paid = self.pay(host, owing, now, only, only_again=only_again)
            host.next_at = max(
                host.last_start + self.delay(host) if self.delay(host) else 0, host.paused_until
            )
            if paid or host.next_at > now:
                return paid
        items: list[Item] = []
        moves = 0
        want = min(share, self.free_leases(host))
        if not only and not only_again:
            want = min(want, self.budget(host))
        for url in host.ready():
            if (only and url.kind != only) or (only_again and not url.again):
                continue
            if want <= 0 or moves >= MOVES_PER_HOST:
                break
            entry = self.gate(host, url) if self.options.robots else None
            if entry is None or self.is_valid(entry, now):
                items.append(self.lease(url, entry, None, now))
                want -= 1
            elif entry.gone:
                self.bury(url, now)
                moves += 1
            elif entry.due > now:
                self.put_off(url, entry.due)
                url.reason = entry.obstacle
                moves += 1
            else:
                if not items:
                    items.append(self.ask(entry, now))
                break
        if items or moves:
            host.next_at = max(host.next_at, now + self.delay(host) if items else now)
            host.paused_until = 0
        return items

    def pay(
        self, host: Host, owing: list[Origin], now: int, only: str | None, *, only_again: bool
    ) -> list[Item]:
        for entry in owing:
            pages = [
                url for url in host.ready() if url.kind != "sitemap" and only in (None, url.kind)
            ]
            urls = [url for url in pages if origin(url.url) == entry.name]
            urls = [url for url in urls if url.again or not only_again]
            if urls or not (only or only_again):
                entry.owes = False
            if urls:
                return [self.lease(urls[0], entry, entry.obstacle, now)]
        return []

    def gate(self, host: Host, url: Url) -> Origin:
        name = origin(url.url)
        if name not in host.origins:
            entry = host.origins[name] = Origin(next(self.refs), host, name)
            self.origins[entry.ref] = entry
        return host.origins[name]

    @staticmethod
    def is_valid(entry: Origin, now: int) -> bool:
        return bool(
            entry.verdict and not entry.obstacle and entry.expires_at > now and not entry.gone
        )

    def lease(self, url: Url, entry: Origin | None, verdict: str | None, now: int) -> Item:
        url.state, url.lease_id = "leased", next(self.leases)
        url.turn = (url.turn[0], -1)
        url.at = now + self.options.lease_ms
        if url.crashes >= 4 and verdict is None:
            verdict = "crashed"
        return Item(
            kind=url.link.kind,
            url=url.url,
            host=url.host.name,
            host_hash=url.host.key,
            url_hash=self.keys.url(("sitemap " * (url.link.kind == "sitemap")) + url.url),
            ref=url.ref,
            lease_id=url.lease_id,
            claimed_at=now,
            lease_until=url.at,
            depth=url.depth,
            priority=10 + url.turn[0] if url.again else url.link.priority,
            tries=url.tries,
            visit=url.visits + 1,
            delay_ms=self.delay(url.host),
            rules_version=entry.version if entry else 0,
            seed=url.seed,
            chain=url.link.chain,
            parent=self.by_ref[url.parent].url if url.parent in self.by_ref else None,
            verdict=verdict,
            alone=verdict is None and url.crashes >= 2,
            etag=url.etag,
            last_modified=url.last_modified,
            content_hash=url.content_hash,
            interval_ms=url.interval_ms,
            misses=url.misses,
            host_failures=url.host.streak,
        )

    def ask(self, entry: Origin, now: int) -> Item:
        entry.lease_id, entry.lease_until = next(self.leases), now + self.options.lease_ms
        url = entry.name + "/robots.txt"
        return Item(
            kind="robots",
            url=url,
            host=entry.host.name,
            host_hash=entry.host.key,
            url_hash=self.keys.url(url),
            ref=entry.ref,
            lease_id=entry.lease_id,
            claimed_at=now,
            lease_until=entry.lease_until,
            depth=0,
            priority=0,
            tries=entry.failures,
            visit=1,
            delay_ms=self.delay(entry.host),
            rules_version=entry.version,
            seed=False,
            chain=(),
            parent=None,
            verdict=None,
            alone=entry.crashes >= 2,
            etag=None,
            last_modified=None,
            content_hash=None,
            host_failures=entry.host.streak,
        )

    # --- settling

    def holds(self, ref: int, lease_id: int) -> bool:
        url = self.by_ref.get(ref)
        return url is not None and url.state == "leased" and url.lease_id == lease_id

    async def commit(self, batch: Batch, *, now: int) -> CommitResult:
        for mark in batch.parts:
            _, part = self.part_rows.get(mark.part_id, ("", Part(0, "", -1, 0, True)))
            old = (part.bytes, part.store_bytes)
            if part.sealed or old != (mark.old_bytes, mark.old_store_bytes):
                raise FrontierError(f"part {mark.part_id} is no longer this reader's")
        lost = {r.lease_id for r in batch.results if not self.holds(r.item_ref, r.lease_id)}
        for rules in batch.rules:
            if self.origins[rules.item_ref].lease_id != rules.lease_id:
                lost.add(rules.lease_id)
        if lost:
            return CommitResult(frozenset(lost))
        gone = {other for other in batch.refers_to if self.part_rows[other][1].pruned}
        if gone:
            return CommitResult(frozenset(), pruned=frozenset(gone))
        changed = self.changed(batch.links, now)
        for mark in batch.parts:
            reader, part = self.part_rows[mark.part_id]
            self.part_rows[mark.part_id] = (
                reader,
                part._replace(
                    bytes=mark.new_bytes,
                    records=part.records + mark.records,
                    sealed=mark.sealed,
                    store_bytes=mark.new_store_bytes,
                    **(self.sealing(now) if mark.sealed else {}),
                ),
            )
        for body in batch.bodies:
            if body.content_hash not in self.known_bodies():
                self.kept[body.content_hash] = body
        for other in batch.refers_to:
            self.part_refs.add((other, batch.parts[0].part_id))
        for result in batch.results:
            self.settle(result, batch.parts[0].part_id if batch.parts else None)
        for rules in batch.rules:
            self.settle_rules(rules, now)
        new = self.insert(batch.links, now)
        for url in batch.listed:
            if ("page", url) in self.urls:
                self.urls["page", url].listed = True
        self.pull(changed, now)
        self.settle_health(batch, now)
        for note in batch.notes:
            host = self.hosts_by_key[note.host_hash]
            host.last_start = max(host.last_start, note.started_at or 0)
            host.paused_until = max(host.paused_until, note.paused_until or 0)
            if self.delay(host):
                host.next_at = host.last_start + self.delay(host)
            host.next_at = max(host.next_at, host.paused_until)
            for entry in self.origins.values():
                if note.server_lost and entry.host is host and entry.verdict:
                    earliest = (entry.fetched_at or 0) + self.options.window_ms
                    entry.expires_at = min(entry.expires_at, max(now, earliest))
        self.extra.update(batch.counts)
        self.root_list += [root for root in batch.roots if root not in self.root_list]
        for rules in batch.rules:
            if rules.verdict in NO_SERVER:
                host = self.hosts_by_key[rules.host_hash]
                host.next_at = min(host.next_at, now)
        return CommitResult(frozenset(), new)

    def settle_health(self, batch: Batch, now: int) -> None:
        for key in {note.host_hash for note in batch.notes}:
            host = self.hosts_by_key[key]
            notes = [note for note in batch.notes if note.host_hash == key]
            host.throttled += sum(note.throttled for note in notes)
            times = [note.latency_ms for note in notes if note.latency_ms is not None]
            if times:
                old = host.latency_ms
                host.latency_ms = times[-1] if old is None else (7 * old + times[-1]) // 8
            answers = [n for n, note in enumerate(notes) if note.answered]
            if answers:
                host.streak = 0
                notes = notes[answers[-1] :]
            failures = [note for note in notes if note.failed_at is not None]
            if not failures:
                continue
            before = host.streak
            counted = max(note.failures for note in failures)
            host.streak = max(before, counted)
            last = max(reversed(failures), key=lambda note: note.failed_at)
            if host.failed_at is None or last.failed_at > host.failed_at:
                host.streak = max(before + 1, counted)
                host.failed_at, host.last_failure = max(last.failed_at, now), last.failure

    def settle(self, r: Result, part: int | None) -> None:
        url = self.by_ref[r.item_ref]
        claimed_at = url.at - self.options.lease_ms
        url.lease_id = None
        url.reason = r.reason
        if r.outcome == "done":
            url.state, url.status = "done", r.status
            was_page = url.is_page
            is_page = r.is_page and r.kind == "page"
            url.is_page, url.part = is_page, None if r.kind == "sitemap" else part
            url.etag, url.last_modified = r.etag, r.last_modified
            url.content_hash = r.content_hash
            earliest = claimed_at + self.options.window_ms
            before = url.visited_at, url.interval_ms, url.misses
            url.visited_at, url.interval_ms, url.misses = claimed_at, r.interval_ms, r.misses
            url.due = None if r.due_at is None else max(r.due_at, earliest)
            url.tries = url.crashes = 0
            url.visits += 1
            if r.kind == "sitemap":
                self.extra["sitemaps"] += 1
                self.extra["sitemap_failures"] += r.reason is not None
                return
            if r.kind == "requisite":
                self.extra["requisites"] += 1
                if url.kind == "page" and r.leads_on:
                    url.state, url.reason, url.status, url.part = "ready", None, None, None
                    url.visited_at, url.interval_ms, url.misses = before
                    url.etag = url.last_modified = url.content_hash = None
                else:
                    url.link = url.link._replace(kind="requisite")
                    url.leads_on = r.leads_on
            url.host.pages += is_page - was_page
            url.host.fails += r.reason is not None
            self.extra["records"] += 1
            self.extra["pages"] += is_page - was_page
            self.extra["failures"] += r.reason is not None
            self.extra["bytes"] += r.body_bytes
            if r.status is not None:
                self.extra[f"status:{r.status}"] += 1
            if r.reason is not None:
                self.extra[f"error:{r.reason}"] += 1
        elif r.outcome == "retry":
            url.state, url.tries = "waiting", r.tries
            url.at = max(r.at or 0, claimed_at + self.options.window_ms)
            self.extra["retries"] += 1
        else:
            url.state = "dead"

    def settle_rules(self, r: Rules, now: int) -> None:
        entry = self.origins[r.item_ref]
        entry.status, entry.fetched_at = r.status, now
        earliest = entry.lease_until - self.options.lease_ms + self.options.window_ms
        entry.lease_id = None
        entry.crashes = 0
        self.extra[f"robots:{r.verdict}"] += 1
        if r.verdict in ("rules", "allow"):
            entry.verdict, entry.body, entry.obstacle = r.verdict, r.body, None
            entry.version += 1
            entry.expires_at, entry.due = max(r.expires_at, earliest), 0
            entry.crawl_delay_ms = r.crawl_delay_ms or 0
            entry.failures = entry.unreachable = 0
            entry.failing_since = None
            entry.owes = False
            return
        entry.obstacle = r.verdict
        entry.due = max(r.due or 0, earliest)
        entry.failures += 1
        entry.owes = r.verdict in NO_SERVER
        entry.unreachable = entry.unreachable + 1 if entry.owes else 0
        entry.gone = entry.burying = entry.unreachable >= 3
        if entry.failing_since is None:
            entry.failing_since = now
        is_old = now - entry.failing_since >= self.options.unreachable_robots_ms
        if r.verdict == "defer" and is_old:
            self.extra["robots:unreachable_allowed"] += 1
            entry.obstacle, entry.due, entry.expires_at = None, 0, now + DAY_MS
            if entry.verdict is None:
                entry.verdict, entry.version = "allow", entry.version + 1

    # --- freeing

    async def release(
        self,
        items: Collection[Item],
        *,
        now: int,
        due: int | None = None,
        crashed: Collection[int] = (),
    ) -> int:
        freed = 0
        for item in items:
            is_held = (
                self.origins[item.ref].lease_id == item.lease_id
                if item.kind == "robots"
                else self.holds(item.ref, item.lease_id)
            )
            if not is_held:
                continue
            freed += 1
            has_crashed = item.lease_id in crashed
            if item.kind == "robots":
                entry = self.origins[item.ref]
                entry.lease_id = None
                entry.due = max(entry.due, due or 0)
                if has_crashed:
                    entry.crashes += 1
                    entry.due = now + (500 << entry.crashes)
                    entry.gone = entry.burying = entry.crashes >= 4
            else:
                url = self.by_ref[item.ref]
                url.lease_id = None
                url.state = "ready"
                if has_crashed:
                    url.crashes += 1
                    url.state, url.at = "waiting", now + (500 << url.crashes)
                    url.reason = "crashed"
                elif due is not None and due > now:
                    url.state, url.at = "waiting", due
            self.postpone(self.hosts_by_key[item.host_hash], now)
        return freed

    def postpone(self, host: Host, now: int) -> None:
        host.next_at = max(host.next_at, now + self.delay(host))

    async def reserve(self, host: str, *, now: int) -> int | None:
        row = self.host_of(host, now)
        delay = self.delay(row)
        if row.halted:
            return now + 60_000
        if not delay:
            return row.paused_until if row.paused_until > now else None
        if row.count("leased") or row.asking:
            return max(row.next_at, now + delay)
        if row.next_at > now:
            return row.next_at
        row.last_start, row.next_at = now, now + delay
        return None

    async def tick(self, *, now: int, limit: int = 1000, visits_until: int | None = None) -> int:
        window_ms, lease_ms = self.options.window_ms, self.options.lease_ms
        moved = 0
        for url in self.urls.values():
            if url.state == "leased" and url.at <= now:
                url.lease_id = None
                at = url.at - lease_ms + window_ms
                url.state, url.at = ("waiting", at) if at > now else ("ready", 0)
                self.postpone(url.host, now)
                moved += 1
        for entry in self.origins.values():
            if entry.lease_id is not None and entry.lease_until <= now:
                entry.lease_id = None
                entry.due = max(entry.due, entry.lease_until - lease_ms + window_ms)
                self.postpone(entry.host, now)
                moved += 1
        for url in self.urls.values():
            if url.state == "waiting" and url.at <= now:
                url.state = "ready"
                moved += 1
        due = [url for url in self.urls.values() if url.state == "done" and url.due is not None]
        for url in sorted(due, key=lambda url: url.due)[:limit]:
            if visits_until is not None and url.due <= visits_until:
                self.wake(url)
                moved += 1
        for entry in self.origins.values():
            if entry.burying and not entry.owes:
                entry.burying = False
                for url in entry.host.ready():
                    if origin(url.url) == entry.name:
                        self.bury(url, now)
                        moved += 1
        return moved

    # --- parts

    async def new_part(self, reader: str) -> Part:
        part_id = len(self.part_rows) + 1
        part = Part(part_id, f"part-{part_id:06d}.jsonl", 0, 0, sealed=False)
        self.part_rows[part_id] = (reader, part)
        return part

    async def seal(self, reader: str, *, now: int) -> list[Part]:
        return self.seal_where(lambda owner: owner == reader, now)

    def seal_where(self, is_wanted, now: int) -> list[Part]:
        sealed = []
        for part_id, (owner, part) in self.part_rows.items():
            if is_wanted(owner) and not part.sealed:
                sealed.append(part._replace(sealed=True, **self.sealing(now)))
                self.part_rows[part_id] = (owner, sealed[-1])
        return sealed

    def sealing(self, now: int) -> dict[str, object]:
        return {"sealed_at": now, "shipped": False if self.options.ships else None}

    async def recover(self, *, now: int) -> list[Part]:
        cap = now + MAX_FUTURE_MS
        for host in self.hosts_by_key.values():
            host.last_start = min(host.last_start, now)
            if host.failed_at is not None:
                host.failed_at = min(host.failed_at, now)
            host.paused_until = min(host.paused_until, cap)
            host.next_at = min(host.next_at, max(host.paused_until, now + self.delay(host)))
            if host.count("leased") or host.asking:
                self.postpone(host, now)
            for url in host.urls:
                if url.state == "leased":
                    url.state, url.lease_id = "ready", None
                elif url.state == "waiting":
                    url.at = min(url.at, cap)
                elif url.state == "done" and (url.due or 0) > now + self.options.recrawl_max_ms:
                    url.due = now + self.options.recrawl_max_ms
                    url.visited_at = min(url.visited_at or 0, now)
            for entry in host.origins.values():
                entry.lease_id = None
                entry.due, entry.expires_at = min(entry.due, cap), min(entry.expires_at, cap)
                if entry.failing_since is not None:
                    entry.failing_since = min(entry.failing_since, now)
        self.seal_where(lambda _: True, now)
        self.reschedule()
        return await self.parts()

    def reschedule(self) -> None:
        times = self.options.recrawl_by or str(self.options.recrawl_ms or "")
        if times == self.times:
            return
        self.times = times
        for url in self.urls.values():
            if url.state == "done":
                is_needed = url.link.kind == "requisite"  # fetched once for good
                wait = None if is_needed else self.terms(url.host).recrawl_ms
                url.interval_ms = None
                url.due = None if wait is None else (url.visited_at or 0) + wait

    async def reopen(self, part: Part, *, now: int) -> Reopened:
        leaning = {part.part_id}
        while more := {p for other, p in self.part_refs if other in leaning} - leaning:
            leaning |= more
        parts = [self.part_rows[part_id][1] for part_id in sorted(leaning)]
        return Reopened(sum(self.empty(one) for one in parts), parts)

    def empty(self, part: Part) -> int:
        states = ("done", "ready", "waiting")
        lost = [u for u in self.urls.values() if u.state in states and u.part == part.part_id]
        self.extra["records"] -= self.part_rows[part.part_id][1].records
        for url in lost:
            self.extra["pages"] -= url.is_page
            self.extra["requisites"] -= url.kind == "requisite"
            url.host.pages -= url.is_page
            if url.reason is not None and url.state == "done":
                url.host.fails -= 1
                self.extra["failures"] -= 1
                self.extra[f"error:{url.reason}"] -= 1
            if url.status is not None:
                self.extra[f"status:{url.status}"] -= 1
            url.state, url.part, url.status, url.reason = "ready", None, None, None
            url.is_page = False
            url.visits -= 1
            url.etag = url.last_modified = url.content_hash = None
            url.misses = 0
            if url.again and not url.visits:
                url.turn = (-1, -1)
                url.link = url.link._replace(priority=5)
            url.turn = (url.turn[0], -1)
        reader, row = self.part_rows[part.part_id]
        self.part_rows[part.part_id] = (
            reader,
            row._replace(bytes=0, records=0, sealed=True, store_bytes=0, packed=None, shipped=None),
        )
        self.kept = {k: b for k, b in self.kept.items() if b.part_id != part.part_id}
        self.part_refs = {pair for pair in self.part_refs if part.part_id not in pair}
        return len(lost)

    async def bodies(self, hashes: Collection[bytes]) -> dict[bytes, KeptBody]:
        known = self.known_bodies()
        return {one: known[one] for one in hashes if one in known}

    def known_bodies(self) -> dict[bytes, KeptBody]:
        return {k: b for k, b in self.kept.items() if not self.part_rows[b.part_id][1].pruned}

    async def parts(self) -> list[Part]:
        return [part for _, part in self.part_rows.values()]

    # --- looking

    async def rules(self, origin: str) -> StoredRules | None:
        for entry in self.origins.values():
            if entry.name == origin and (verdict := entry.verdict or entry.obstacle):
                return StoredRules(verdict, entry.body, entry.version, entry.expires_at)
        return None

    async def roots(self) -> list[str]:
        return list(self.root_list)

    async def replace_roots(self, roots: Sequence[str]) -> None:
        self.root_list = list(roots)

    async def seeds(self, *, after: int, limit: int) -> list[tuple[int, str]]:
        seeds = [(u.ref, u.url) for u in self.urls.values() if u.seed and u.ref > after]
        return sorted(seeds)[:limit]

    async def counters(self) -> dict[str, int]:
        counts = dict.fromkeys(CORE_COUNTERS, 0) | dict(self.extra)
        robots = sum(o.lease_id is not None for o in self.origins.values())
        for url in self.urls.values():
            counts[url.state] += 1
            counts["again"] += url.state == "ready" and url.again
            counts["later"] += url.state == "done" and url.due is not None
            if url.state == "dead":
                name = f"dead:{url.reason}"
                counts[name] = counts.get(name, 0) + 1
            if url.seed:
                counts["seeds"] += 1
                if url.state in ("done", "dead") or url.again:
                    counts["seeds_final"] += 1
                    counts["seeds_answered"] += url.status is not None
        counts["leased"] += robots
        counts["leased_robots"] = robots
        return counts

    async def outlook(self, *, now: int) -> Outlook:
        counters = await self.counters()
        paused = [
            h
            for h in self.hosts_by_key.values()
            if h.paused_until > now and h.count("ready") and not h.halted
        ]
        dues = [h.paused_until for h in paused]
        dues += [url.at for url in self.urls.values() if url.state == "waiting"]
        hosts = list(self.hosts_by_key.values())
        claimable = [h.next_at for h in hosts if self.is_claimable(h) and h.paused_until <= now]
        held = counters["ready"] - counters["again"]
        if self.page_budget() > 0:
            held = sum(not url.again for h in hosts if self.is_held(h) for url in h.ready())
        visits = [u.due for u in self.urls.values() if u.state == "done" and u.due is not None]
        if self.options.requisites and held:
            is_spent = self.page_budget() <= 0
            owners = [h for h in self.hosts_by_key.values() if is_spent or self.is_held(h)]
            at = [h.next_at for h in owners if self.owns_requisites(h) and h.paused_until <= now]
            claimable += at
            held -= sum(url.kind == "requisite" for h in owners for url in h.ready())
            if is_spent and counters["pages"] >= self.options.max_pages:
                waiting = [url for url in self.urls.values() if url.state == "waiting"]
                dues = [h.paused_until for h in paused]
                dues += [url.at for url in waiting if url.kind == "requisite"]
        return Outlook(
            ready=counters["ready"],
            leased=counters["leased"],
            claimable=len(claimable),
            next_at=min(claimable, default=None),
            next_due=min(dues, default=None),
            held_by_budget=held,
            waiting=counters["waiting"] + sum(h.count("ready") for h in paused),
            later=len(visits),
            halted=sum(h.count("ready") for h in hosts if h.halted and not self.is_held(h)),
            next_visit=min(visits, default=None),
        )

    def state_of(self, host: Host) -> HostState:
        return HostState(
            host=host.name,
            ready=host.count("ready"),
            leased=host.count("leased") + host.asking,
            done=host.count("done"),
            waiting=host.count("waiting"),
            delay_ms=self.delay(host),
            next_at=host.next_at,
            paused_until=host.paused_until,
            fails=host.fails,
            failures_in_row=host.streak,
            last_failure=host.last_failure,
            latency_ms=host.latency_ms,
            throttled=host.throttled,
            halted=host.halted,
        )

    async def hosts(self, *, now: int, limit: int, only_waiting: bool = False) -> list[HostState]:
        states = [self.state_of(host) for host in self.hosts_by_key.values()]
        if only_waiting:
            states = [
                s for s in states if s.waiting or ((s.paused_until > now or s.halted) and s.ready)
            ]
        return sorted(states, key=lambda s: (-s.ready - s.waiting, s.host))[:limit]

    async def host(self, name: str, *, limit: int) -> HostReport | None:
        host = self.hosts_by_key.get(self.keys.host(name))
        if host is None:
            return None
        mine = [u for u in self.urls.values() if u.host is host]
        dead = [u for u in mine if u.state == "dead"]
        stuck = [*(u for u in mine if u.state == "waiting"), *dead]
        stuck.sort(key=lambda url: (url.state == "dead", url.ref))
        return HostReport(
            host=self.state_of(host),
            dead=len(dead),
            pages=host.pages,
            page_limit=self.terms(host).max_pages,
            crawl_delay_ms=max(
                (entry.crawl_delay_ms for entry in host.origins.values()), default=0
            ),
            origins=tuple(
                (entry.name, self.gate_of(entry))
                for entry in sorted(host.origins.values(), key=lambda entry: entry.name)
            ),
            urls=tuple(
                HostUrl(
                    url=u.url,
                    kind=u.link.kind,
                    state=u.state,
                    reason=u.reason,
                    due_at=u.at if u.state == "waiting" else None,
                    tries=u.tries,
                    depth=u.depth,
                )
                for u in stuck[:limit]
            ),
        )

    async def dead_reasons(self) -> dict[str, int]:
        return dict(Counter(u.reason for u in self.urls.values() if u.state == "dead"))

    async def listed(self, *, after: int, limit: int) -> list[tuple[int, str]]:
        urls = sorted((u.ref, u.url) for u in self.urls.values() if u.listed and u.ref > after)
        return urls[:limit]

    async def undone(self, *, after: int, limit: int) -> list[Undone]:
        urls = [u for u in self.urls.values() if u.state in ("ready", "waiting", "dead")]
        rows = [
            Undone(
                u.ref,
                u.url,
                u.link.kind,
                u.depth,
                u.seed,
                u.reason if u.state == "dead" else None,
            )
            for u in sorted(urls, key=lambda url: url.ref)
            if u.ref > after
        ]
        return rows[:limit]

    async def rejudge(self, verdicts: Mapping[int, str | None], *, now: int) -> int:
        changed = 0
        for ref, reason in verdicts.items():
            url = self.by_ref.get(ref)
            if url is None or url.state not in ("ready", "waiting", "dead"):
                continue
            if (url.state == "dead") == (reason is not None):
                continue
            if url.reason == "origin_unreachable" and url.state == "dead":
                entry = url.host.origins[origin(url.url)]
                entry.gone = entry.burying = False
                entry.unreachable = entry.crashes = 0
            url.state, url.reason = "ready" if reason is None else "dead", reason
            url.turn = (url.turn[0], -1)
            changed += 1
        return changed

    async def explain(self, url: str) -> Explanation:
        host = self.hosts_by_key.get(self.keys.host(host_key(url)))
        entry = host.origins.get(origin(url)) if host else None
        known = self.urls.get(("page", url)) or self.urls.get(("sitemap", url))
        about = {
            "url": url,
            "host": self.state_of(host) if host else None,
            "origin_verdict": (entry.obstacle or entry.verdict) if entry else None,
            "origin_due": (entry.due or None) if entry else None,
            "origin": self.gate_of(entry) if entry else None,
            "host_pages": host.pages if host else 0,
            "host_leased": host.count("leased") if host else 0,
        }
        if known is None:
            return Explanation(state=None, **about)
        parents = []
        ref = known.parent
        while ref in self.by_ref and self.by_ref[ref].url not in parents:
            parents.append(self.by_ref[ref].url)
            ref = self.by_ref[ref].parent
        return Explanation(
            state=known.state,
            reason=known.reason,
            due_at=known.at if known.state == "waiting" else None,
            lease_until=known.at if known.state == "leased" else None,
            depth=known.depth,
            tries=known.tries,
            visits=known.visits,
            status=known.status,
            crashes=known.crashes,
            parents=tuple(parents),
            seed=known.seed,
            kind=known.kind,
            visited_at=known.visited_at,
            visit_due_at=known.due if known.state == "done" else None,
            interval_ms=known.interval_ms,
            misses=known.misses,
            chain=known.link.chain,
            ahead=self.ahead_of(known) if known.state == "ready" else 0,
            **about,
        )

    def gate_of(self, entry: Origin) -> OriginState:
        return OriginState(
            verdict=entry.verdict,
            obstacle=entry.obstacle,
            status=entry.status,
            fetched_at=entry.fetched_at,
            expires_at=entry.expires_at,
            due=entry.due,
            failures=entry.failures,
            gone=entry.gone,
            asked_until=entry.lease_until if entry.lease_id is not None else None,
            failing_since=entry.failing_since,
        )

    def ahead_of(self, url: Url) -> int:
        return url.host.ready().index(url)

    async def meta(self) -> dict[str, str]:
        return dict(self.values)

    async def set_meta(self, values: Mapping[str, str]) -> None:
        self.values.update(values)

    async def checkpoint(self) -> None: ...


class MemoryControl:
    """What a person does to it."""

    def __init__(self, frontier: MemoryFrontier) -> None:
        self.frontier = frontier

    async def pause(self, *, paused: bool) -> bool:
        changes = bool(self.frontier.extra["paused"]) != paused
        self.frontier.extra["paused"] = int(paused)
        if changes:
            await self.order()
        return changes

    async def halt(self, hosts: Collection[str], *, halted: bool) -> Halted:
        known = {
            name: self.frontier.hosts_by_key.get(self.frontier.keys.host(name)) for name in hosts
        }
        found = Halted([], [name for name, host in known.items() if host is None])
        for name, host in known.items():
            if not found.unknown and host.halted != halted:
                host.halted = halted
                found.changed.append(name)
        if found.changed:
            await self.order()
        return found

    async def halted(self) -> list[str]:
        return sorted(h.name for h in self.frontier.hosts_by_key.values() if h.halted)

    async def has_host(self, pattern: str) -> bool:
        matches = re.compile(".*".join(map(re.escape, pattern.split("*")))).fullmatch
        return any(matches(host.name) for host in self.frontier.hosts_by_key.values())

    async def order(self) -> int:
        self.frontier.extra["orders"] += 1
        return self.frontier.extra["orders"]

    async def heard(self, order: int) -> None:
        heard = self.frontier.extra["orders_heard"]
        self.frontier.extra["orders_heard"] = max(heard, order)

    def failed(self, host: str | None):
        for url in self.frontier.urls.values():
            if host is not None and url.host.name != host:
                continue
            if url.state == "dead" and url.reason in RETRIABLE_REASONS:
                yield url, Failure("reason", url.reason)
            elif url.state == "done" and url.reason is not None:
                yield url, Failure("error", url.reason)
            elif url.state == "done" and (url.status or 0) >= 400:
                yield url, Failure("status", str(url.status))

    async def failures(self, host: str | None = None) -> dict[Failure, int]:
        return dict(Counter(failure for _, failure in self.failed(host)))

    async def retry(self, choice: Choice, *, now: int) -> int:
        window_ms = self.frontier.options.window_ms
        moved = 0
        for url, _ in list(self.failed(choice.host)):
            if not choice.has(url.reason, url.status, is_dead=url.state == "dead"):
                continue
            moved += 1
            due = now + window_ms
            if url.state == "dead":
                url.tries = url.crashes = 0
            else:
                due = (url.visited_at or 0) + window_ms
                url.turn = (0 if url.link.kind == "sitemap" else 1, -1 if due > now else now)
            self.pardon(url, now, window_ms)
            url.state, url.at, url.reason = ("waiting" if due > now else "ready"), due, None
        if moved:
            await self.order()
        return moved

    @staticmethod
    def pardon(url: Url, now: int, window_ms: int) -> None:
        for entry in url.host.origins.values():
            earliest = max(now, (entry.fetched_at or 0) + window_ms)
            if entry.gone:
                entry.gone = entry.burying = False
                entry.unreachable = entry.crashes = 0
            if entry.obstacle in NO_SERVER:
                entry.due = min(entry.due, earliest)
            if url.reason == "robots" and entry.verdict:
                entry.expires_at = min(entry.expires_at, earliest)

    async def table(
        self, *, now: int, sort: HostSort, limit: int, only_waiting: bool = False
    ) -> list[HostRow]:
        keys = {
            "left": lambda s: -(s.ready + s.waiting + s.leased),
            "done": lambda s: -s.done,
            "failures": lambda s: -s.fails,
            "latency": lambda s: -(s.latency_ms or 0),
            "next": lambda s: s.next_at if s.ready else 1 << 62,
            "host": lambda _: 0,
        }
        rows = []
        for host in self.frontier.hosts_by_key.values():
            state = self.frontier.state_of(host)
            rests = (state.paused_until > now or state.halted) and state.ready
            if only_waiting and not (state.waiting or rests):
                continue
            origins = tuple(
                OriginRules(o.name, o.verdict, o.obstacle, o.due, gone=o.gone)
                for o in sorted(host.origins.values(), key=lambda one: one.name)
            )
            rows.append(HostRow(state, host.count("dead"), origins))
        rows.sort(key=lambda row: (keys[sort](row.state), row.state.host))
        return rows[:limit]
