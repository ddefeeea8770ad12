"""SQLite and the reference implementation, driven by the same random steps, must never differ."""

import asyncio
import tempfile
from pathlib import Path
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crawler.frontier.sqlite import SqliteFrontier
from crawler.model.result import Batch, HostNote, PartMark, Result, Rules
from crawler.model.work import Link
from crawler.ports import FrontierOptions, HostTerms
from tests.support.memory_frontier import MemoryFrontier

# `1` comes in two schemes: one host with two origins.
URLS = [f"https://h{host}.example/{page}" for host in range(3) for page in range(4)]
URLS += [f"http://h1.example/{page}" for page in range(3)]

links = st.lists(
    st.builds(
        Link,
        st.sampled_from(URLS),
        st.integers(0, 3),
        st.none(),
        st.integers(4, 6),
        st.booleans(),
        st.sampled_from([(), ("https://h0.example/from",)]),
        st.sampled_from(["page", "page", "page", "sitemap", "requisite", "requisite"]),
        st.sampled_from([None, None, 1, 20_000, 50_000, 100_000]),
    ),
    max_size=6,
)
# `h2` has terms of its own.
own_terms = st.builds(
    HostTerms,
    st.sampled_from([0, 2_000]),
    st.integers(1, 2),
    st.sampled_from([None, 3]),
    st.sampled_from([None, 1, 3]),
    st.sampled_from([None, 15_000]),
)
outcomes = st.sampled_from(["done", "done", "leads_on", "failed", "hop", "retry", "dead"])
verdicts = st.sampled_from(["rules", "allow", "allow", "defer", "dns", "connect"])
waits = st.integers(0, 40_000)


def shown(item):
    return item._replace(ref=0, lease_id=0)[:]


class Machine(RuleBasedStateMachine):
    """Each step is done to both; every answer and the whole visible state are compared."""

    @initialize(
        delay_ms=st.sampled_from([0, 1_000]),
        robots=st.booleans(),
        max_depth=st.sampled_from([None, 1, 2]),
        max_pages=st.sampled_from([None, None, 4]),
        max_pages_per_host=st.sampled_from([None, None, 2]),
        adaptive_factor=st.sampled_from([0, 0, 3]),
        adaptive_cap_ms=st.sampled_from([500, 60_000]),
        max_sitemaps_per_host=st.sampled_from([1, 1_000]),
        requisites=st.booleans(),
        unreachable_robots_ms=st.sampled_from([0, 30_000, 1 << 40]),
        recrawl_ms=st.sampled_from([None, 10_000, 30_000]),
        recrawl_min_ms=st.sampled_from([1_000, 20_000]),
        recrawl_max_ms=st.sampled_from([40_000, 1 << 40]),
        own=st.one_of(st.none(), own_terms),
    )
    def begin(self, own, **choices):
        if own is not None:
            choices["terms_of"] = {"h2.example": own}.get
            if own.recrawl_ms is not None:
                choices["recrawl_by"] = f"{choices['recrawl_ms']} {own.recrawl_ms}"
        self.has_requisites = choices["requisites"]
        options = FrontierOptions(per_host=1, lease_ms=20_000, window_ms=5_000, **choices)
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.sql = SqliteFrontier(Path(self.folder.name) / "frontier.db", options)
        with patch("secrets.randbits", return_value=1):  # the order of hosts must be repeatable
            self.do(self.sql.open())
        database = self.sql._database

        async def run(work):  # without the hop to the thread, which is most of the time
            return database._call(work)

        database.run = run
        self.memory = MemoryFrontier(options, seed=1)
        self.now = 10_000  # later than the longest delay after time 0
        self.held = []
        self.stale = []
        self.part_bytes = 0
        self.both("new_part", "r1")

    def do(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def both(self, name, *args, **kwargs):
        expected = self.do(getattr(self.memory, name)(*args, **kwargs))
        got = self.do(getattr(self.sql, name)(*args, **kwargs))
        assert got == expected
        return got

    def taken(self, links):
        """Requisites come only where they are asked for, and are no seeds."""
        if self.has_requisites:
            return [it._replace(seed=it.seed and it.kind == "page") for it in links]
        return [it for it in links if it.kind != "requisite"]

    @rule(links=links)
    def add(self, links):
        self.both("add", self.taken(links), now=self.now)

    @rule(wait=waits)
    def wait(self, wait):
        self.now += wait

    @rule(visits=st.booleans())
    def tick(self, visits):
        self.both("tick", now=self.now, visits_until=self.now if visits else None)

    @rule(limit=st.integers(1, 6), ahead=st.integers(0, 6))
    def claim(self, limit, ahead):
        hosts = {self.sql._keys.host("h0.example"): ahead} if ahead else None
        expected = self.do(self.memory.claim(limit, now=self.now, ahead=hosts))
        got = self.do(self.sql.claim(limit, now=self.now, ahead=hosts))
        assert [shown(item) for item in got] == [shown(item) for item in expected]
        held = {id(item) for pair in self.held for item in pair}
        assert not held & {id(item) for item in got}
        self.held += zip(expected, got, strict=True)

    @rule(wait=waits, found=links)
    def crawl_on(self, wait, found):
        """Most of what happens: time passes, work is claimed and ends well."""
        self.now += wait
        self.both("add", self.taken(found), now=self.now)
        self.both("tick", now=self.now, visits_until=self.now)
        count = len(self.held)
        self.claim(limit=6, ahead=0)
        pairs, self.held = self.held[count:], self.held[:count]
        for side, frontier in enumerate((self.memory, self.sql)):
            items = [pair[side] for pair in pairs]
            batch = Batch(
                results=[
                    self.result(i, "done", wait % 2 and self.now + wait)
                    for i in items
                    if i.kind != "robots"
                ],
                rules=[
                    self.verdict(i, "allow", self.now + 60_000) for i in items if i.kind == "robots"
                ],
                notes=[HostNote(i.host_hash, self.now) for i in items],
            )
            assert not self.do(frontier.commit(batch, now=self.now)).lost

    @precondition(lambda self: self.held)
    @rule(data=st.data(), found=links, with_stale=st.booleans())
    def settle(self, data, found, with_stale):
        count = data.draw(st.integers(1, len(self.held)))
        pairs, self.held = self.held[:count], self.held[count:]
        if with_stale and self.stale:
            pairs.append(self.stale[-1])
        batches = ([], []), ([], [])
        for pair in pairs:
            outcome, verdict = data.draw(outcomes), data.draw(verdicts)
            later = self.now + data.draw(waits)
            for item, (results, rules) in zip(pair, batches, strict=True):
                if item.kind == "robots":
                    rules.append(self.verdict(item, verdict, later))
                else:
                    results.append(self.result(item, outcome, later))
        notes = [self.note(item, data) for item, _ in pairs]
        answers = []
        for frontier, (results, rules) in zip((self.memory, self.sql), batches, strict=True):
            records = sum(r.outcome == "done" and r.kind != "sitemap" for r in results)
            mark = PartMark(1, self.part_bytes, self.part_bytes + 10, records)
            batch = Batch(
                results=results, rules=rules, links=self.taken(found), notes=notes, parts=[mark]
            )
            answers.append(self.do(frontier.commit(batch, now=self.now)))
        lost = [
            {number for number, pair in enumerate(pairs) if pair[side].lease_id in answer.lost}
            for side, answer in enumerate(answers)
        ]
        assert lost[0] == lost[1]
        assert answers[0].new_links == answers[1].new_links
        if lost[0]:
            self.held += [pair for n, pair in enumerate(pairs) if n not in lost[0]]
        else:
            self.part_bytes += 10

    def result(self, item, outcome, later):
        base = (item.ref, item.host_hash, item.url_hash, item.lease_id)
        result = self.plain_result(base, item, outcome, later)
        if result.outcome != "done" or item.kind == "requisite" or not later:
            return result
        # Any time until the next visit, and any number of misses, also after earlier ones.
        return result._replace(due_at=later, interval_ms=later - self.now, misses=item.visit % 3)

    def plain_result(self, base, item, outcome, later):
        if item.kind == "sitemap" and outcome in ("done", "failed", "hop"):
            reason = "timeout" if outcome == "failed" else None
            return Result(*base, "done", reason=reason, status=200, kind="sitemap")
        kind, is_page = item.kind, item.kind == "page"
        if outcome in ("done", "leads_on"):
            one = Result(*base, "done", status=200, is_page=is_page, body_bytes=3, etag="e")
            return one._replace(kind=kind, leads_on=kind == "requisite" and outcome == "leads_on")
        if outcome == "failed":
            return Result(*base, "done", reason="timeout", is_page=is_page, kind=kind)
        if outcome == "hop":
            return Result(*base, "done", status=301, kind=kind, leads_on=kind == "requisite")
        if outcome == "retry":
            return Result(*base, "retry", reason="http_503", at=later, tries=item.tries + 1)
        return Result(*base, "dead", reason="robots")

    def note(self, item, data):
        """Any health but the impossible: nothing failed before a request was made."""
        started_at = data.draw(st.sampled_from([None, self.now, self.now - 100]))
        paused_until = data.draw(st.sampled_from([None, None, self.now + 7_000]))
        health = data.draw(st.sampled_from(["none", "answered", "failed", "both"]))
        note = HostNote(item.host_hash, started_at, paused_until)
        if started_at is None or health == "none":
            return note
        if health != "failed":
            latency_ms = data.draw(st.integers(0, 2_000))
            note = note._replace(answered=True, latency_ms=latency_ms)
        if health != "answered":
            failure = data.draw(st.sampled_from(["timeout", "http_503"]))
            counted = data.draw(st.sampled_from([0, 0, 1, 3]))
            note = note._replace(
                failed_at=started_at, failure=failure, throttled=1, failures=counted
            )
        return note

    def verdict(self, item, verdict, later):
        base = (item.ref, item.host_hash, item.lease_id, verdict)
        if verdict in ("rules", "allow"):
            delay_ms = 3_000 if verdict == "rules" else None
            return Rules(*base, expires_at=later, crawl_delay_ms=delay_ms)
        return Rules(*base, due=later)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), due=st.one_of(st.none(), waits), has_crashed=st.booleans())
    def release(self, data, due, has_crashed):
        count = data.draw(st.integers(1, len(self.held)))
        pairs, self.held = self.held[:count], self.held[count:]
        freed = [
            self.do(
                frontier.release(
                    [pair[side] for pair in pairs],
                    now=self.now,
                    due=None if due is None else self.now + due,
                    crashed={pair[side].lease_id for pair in pairs} if has_crashed else (),
                )
            )
            for side, frontier in enumerate((self.memory, self.sql))
        ]
        assert freed[0] == freed[1]
        self.stale += pairs

    @rule(host=st.sampled_from(["h0.example", "h1.example", "other.example"]))
    def reserve(self, host):
        self.both("reserve", host, now=self.now)

    @rule()
    def recover(self):
        self.both("recover", now=self.now)
        self.stale += self.held
        self.held = []
        self.both("new_part", "r1")
        # Committing goes on in part 1 only; from here on marks are for a fresh machine's part.
        self.do(self.sql._database.run(lambda c: c.execute("UPDATE parts SET sealed = 0")))
        for part_id, (reader, part) in self.memory.part_rows.items():
            self.memory.part_rows[part_id] = (reader, part._replace(sealed=False))

    @rule()
    def reopen(self):
        (part, *_) = self.both("parts")
        self.both("reopen", part, now=self.now)
        self.part_bytes = 0
        self.do(self.sql._database.run(lambda c: c.execute("UPDATE parts SET sealed = 0")))
        reader, row = self.memory.part_rows[1]
        self.memory.part_rows[1] = (reader, row._replace(sealed=False))

    @rule(data=st.data(), limit=st.integers(1, 20))
    def judge_anew(self, data, limit):
        """Row ids differ between the two, so their rows are matched by what they name."""
        rows = []
        for frontier in (self.memory, self.sql):
            whole = self.do(frontier.undone(after=0, limit=100))
            first = self.do(frontier.undone(after=0, limit=limit))
            rest = self.do(frontier.undone(after=first[-1].ref, limit=100)) if first else []
            assert [*first, *rest] == whole
            rows.append(sorted(whole, key=lambda row: row[1:3]))
        assert [row[1:] for row in rows[0]] == [row[1:] for row in rows[1]]
        reasons = [data.draw(st.sampled_from(["skip", None, "scope"])) for _ in rows[0]]
        changed = [
            self.do(
                frontier.rejudge(
                    {row.ref: r for row, r in zip(side, reasons, strict=True) if r != "skip"},
                    now=self.now,
                )
            )
            for frontier, side in zip((self.memory, self.sql), rows, strict=True)
        ]
        assert changed[0] == changed[1]

    @rule(url=st.sampled_from([*URLS, "https://other.example/"]))
    def explain(self, url):
        self.both("explain", url)

    @invariant()
    def agree(self):
        if not hasattr(self, "sql"):
            return
        expected = {k: v for k, v in self.do(self.memory.counters()).items() if v}
        assert {k: v for k, v in self.do(self.sql.counters()).items() if v} == expected
        self.both("outlook", now=self.now)
        self.both("hosts", now=self.now, limit=10)
        self.both("dead_reasons")

    def teardown(self):
        if hasattr(self, "sql"):
            del self.sql._database.run
            self.do(self.sql.close())
            self.loop.close()
            self.folder.cleanup()


Machine.TestCase.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
TestFrontiersAgree = Machine.TestCase
