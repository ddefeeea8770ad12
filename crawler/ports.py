"""What the pipeline asks of the outside: the frontier, the parent process, the clock.

Adapters fulfil these protocols; the contract suite in `tests/contract` runs on every one of them.
Times are ms on the job's clock.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from crawler.model.control import Control, Steering
from crawler.model.options import FrontierOptions as FrontierOptions  # noqa: PLC0414 - part of the port
from crawler.model.options import HostTerms as HostTerms  # noqa: PLC0414 - part of the port
from crawler.model.part import Part as Part  # noqa: PLC0414 - part of the port
from crawler.model.part import Pruned, Shipping
from crawler.model.part import Reopened as Reopened  # noqa: PLC0414 - part of the port
from crawler.model.part import store_name as store_name  # noqa: PLC0414 - part of the port
from crawler.model.result import Batch, Fetched, KeptBody, Redirected, RulesVerdict
from crawler.model.view import Explanation, HostReport, HostState, Outlook, Undone
from crawler.model.work import Item, Link

Now = Callable[[], int]
"""The job's clock: ms, never steps back while the job runs."""

Response = Fetched | Redirected
"""Of one request, whatever its status."""


class AddResult(NamedTuple):
    new: int
    known: int


class CommitResult(NamedTuple):
    """`lost`: lease ids that are no longer ours. If there are any, nothing was committed."""

    lost: frozenset[int]
    new_links: int = 0
    pruned: frozenset[int] = frozenset()
    """Parts that the batch refers to and whose files are gone: nothing was committed either."""


class StoredRules(NamedTuple):
    """Robots rules of one origin as the store has them."""

    verdict: RulesVerdict
    body: bytes | None
    version: int
    expires_at: int


class SealedParts(Protocol):
    """What becomes of parts once no reader writes to them."""

    async def unpacked(self, *, after: int = 0, limit: int = 1) -> list[Part]:
        """Return parts that may be packed, by number from after `after`."""

    async def set_packed(self, part_id: int, ending: str | None) -> bool:
        """Its file's name ends so from now on (None: as written); False if it was pruned."""

    async def to_ship(
        self, *, now: int, packed: bool = False, after: int = 0, limit: int = 1
    ) -> list[Part]:
        """Return parts that the command is to take now; with `packed` only those that are."""

    async def set_shipped(self, part_id: int, *, gone: bool = False) -> None:
        """The command took it; `gone`: its files too, so it counts as pruned."""

    async def set_ship_failed(self, part_id: int, *, error: str, due: int) -> int:
        """It is to be tried again at `due`; return how often it was tried so far."""

    async def shipping(self) -> Shipping:
        """Read in O(parts that are not shipped)."""

    async def prune(self, part_ids: Collection[int], *, dry: bool = False) -> Pruned:
        """Mark parts whose files are to go, without those that other parts need.

        `dry`: only tell. What was marked stays so, whatever happens to the machine.
        """

    async def forget_bodies(self, part_ids: Collection[int]) -> int:
        """Let nothing point to bodies of these, and of pruned parts, any more; in short steps."""


class Frontier(Protocol):
    """The durable store of every known URL: it alone decides when one may be fetched."""

    sealed: SealedParts

    @property
    def control(self) -> Control:
        """What a person does; once it is open."""

    async def open(self) -> None:
        """Connect and migrate; `FrontierError` for an unusable store, which is never reset."""

    async def close(self) -> None: ...

    async def add(self, links: Sequence[Link], *, now: int) -> AddResult:
        """Add seeds; known URLs are left alone, but become seeds and lose a greater depth."""

    async def claim(
        self, limit: int, *, now: int, ahead: Mapping[int, int] | None = None
    ) -> list[Item]:
        """Lease at most `limit` items, fair over hosts, committed before it returns.

        `ahead`: for hosts without delay, by host hash, how many may be leased at once where that is
        more than 4 x per_host.
        """

    async def commit(self, batch: Batch, *, now: int) -> CommitResult:
        """Commit all of a batch in one transaction, or nothing if any lease of it is lost."""

    async def release(
        self,
        items: Collection[Item],
        *,
        now: int,
        due: int | None = None,
        crashed: Collection[int] = (),
    ) -> int:
        """Free leases as ready (or waiting until `due`); return how many were still held.

        `crashed`: lease ids of items that had started when their reader died; they are backed
        off, and claimed alone after the second time.
        """

    async def reserve(self, host: str, *, now: int) -> int | None:
        """Take a host's turn for a robots.txt hop: None if taken, else when to come again."""

    async def tick(self, *, now: int, limit: int = 1000, visits_until: int | None = None) -> int:
        """Free expired leases and wake what is due; return how many rows moved.

        `visits_until`: what is done and was to be visited again by then becomes ready; None: none.
        """

    async def new_part(self, reader: str) -> Part:
        """Register the next part (numbers are never reused) before its first byte."""

    async def seal(self, reader: str, *, now: int) -> list[Part]:
        """Seal the open parts of a reader that died; the offsets returned are final."""

    async def recover(self, *, now: int) -> list[Part]:
        """At start: seal every part, free every lease of this node; return all parts."""

    async def reopen(self, part: Part, *, now: int) -> Reopened:
        """A part's files lost committed bytes: its URLs become ready, the part counts as empty.

        So do all parts whose records point to bodies in it. The caller truncates their files to 0,
        since which of their records were lost cannot be told apart.
        """

    async def bodies(self, hashes: Collection[bytes]) -> dict[bytes, KeptBody]:
        """Return where bodies with these SHA-256 were stored first; others are left out."""

    async def parts(self) -> list[Part]: ...

    async def rules(self, origin: str) -> StoredRules | None: ...

    async def roots(self) -> list[str]:
        """Scope roots, in the order they came."""

    async def replace_roots(self, roots: Sequence[str]) -> None:
        """Let these be the scope roots: the scope's mode has changed."""

    async def seeds(self, *, after: int, limit: int) -> list[tuple[int, str]]:
        """Refs and URLs of seeds, redirect targets too, in any state, by ref from after `after`."""

    async def counters(self) -> dict[str, int]:
        """Counters by name, O(1): ready leased done waiting dead records pages failures ….

        Names are listed in `crawler.frontier`.
        """

    async def outlook(self, *, now: int) -> Outlook: ...

    async def hosts(self, *, now: int, limit: int, only_waiting: bool = False) -> list[HostState]:
        """Hosts with most left to do first."""

    async def host(self, name: str, *, limit: int) -> HostReport | None:
        """Everything about one host, with at most `limit` of its URLs; None: it is not known."""

    async def dead_reasons(self) -> dict[str, int]: ...

    async def undone(self, *, after: int, limit: int) -> list[Undone]:
        """URLs that are ready, waiting or dead, by ref, from the first one after `after`."""

    async def listed(self, *, after: int, limit: int) -> list[tuple[int, str]]:
        """Refs and URLs of pages that a sitemap names, by ref from after `after`."""

    async def rejudge(self, verdicts: Mapping[int, str | None], *, now: int) -> int:
        """By ref: a reason makes a ready or waiting URL dead, None makes a dead one ready.

        Others stay as they are. Returns how many changed.
        """

    async def explain(self, url: str) -> Explanation: ...

    async def meta(self) -> dict[str, str]: ...

    async def set_meta(self, values: Mapping[str, str]) -> None: ...

    async def checkpoint(self) -> None:
        """Fold the write-ahead log back; called from time to time by the parent."""


class Responses(Protocol):
    """Answers that were kept; neither call fails."""

    async def get(self, key: str) -> Response | None:
        """Return what was answered, with the time when it was."""

    async def set(self, key: str, response: Response) -> None: ...


class Node(Protocol):
    """What the process manager (`crawler.dealer`) asks of the crawl it runs, all in the parent.

    None of these raises for a fault of a site; an error of the store ends the run.
    """

    def writer(self, desired: int) -> AsyncIterator[Item]:
        """Claim at most `desired` items (committed first), then yield them one by one."""

    async def bury(self, reader: str, held: Sequence[Item], started: Collection[int]) -> None:
        """A reader is gone: seal and truncate its parts, then free what it held.

        `started`: lease ids that the board says were begun and not acknowledged. Empty when the
        parent ended the reader itself (stop, recycling): then nothing counts as a crash.
        """

    async def give_back(self, items: Sequence[Item], due: int | None = None) -> None:
        """Free leases of items that nobody will work on (returned, taken back, dropped)."""

    def settled(self, items: Sequence[Item]) -> None:
        """These were committed by their reader."""

    def dropped(self, item: Item) -> None:
        """QuasiQueue's window refused an item: counted and shown, it means a bug."""

    async def beat(self) -> bool:
        """Housekeeping, several times a second; False once the crawl is over."""

    def wind_down(self, grace_ms: int) -> None:
        """The end was asked for: nothing more is dealt, and no reader is left after `grace_ms`."""

    def steering(self) -> Steering | None:
        """What a person has asked for since this was last asked."""

    def wait_ms(self) -> int | None:
        """How long until the next claim may find something; None: unknown, poll."""


class Parent(Protocol):
    """What a reader tells its parent process. None of these blocks or fails."""

    def started(self, item: Item) -> None:
        """The item's work has begun: written to the shared board, survives a kill."""

    def fetched(self, item: Item) -> None:
        """The fetch has ended: the host's slot is free."""

    def settled(self, lease_ids: Collection[int]) -> None:
        """These leases are committed."""

    def returned(self, items: Collection[Item]) -> None:
        """These were not worked on to the end; the parent frees their leases."""

    def paused(self, host: str, until: int) -> None:
        """The host asked for a pause; every reader must hear of it."""

    def rooted(self, root: str) -> None:
        """A redirected seed widened the scope; every reader hears of it before later items."""


class NoParent:
    """A reader without a parent process: for trying one URL and for component tests."""

    def started(self, item: Item) -> None: ...

    def fetched(self, item: Item) -> None: ...

    def settled(self, lease_ids: Collection[int]) -> None: ...

    def returned(self, items: Collection[Item]) -> None: ...

    def paused(self, host: str, until: int) -> None: ...

    def rooted(self, root: str) -> None: ...
