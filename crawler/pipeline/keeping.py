"""What a reader process needs to keep bodies; nothing of it is loaded where a crawl keeps none."""

from collections.abc import Callable
from dataclasses import dataclass

from crawler import __version__
from crawler.extract.record import timestamp
from crawler.model.plan import Plan
from crawler.pipeline.bodies import Bodies
from crawler.pipeline.packing import Packer
from crawler.ports import Frontier, Now, Part
from crawler.sink.warc import WarcWriter, find_pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """The three places where a crawl that keeps bodies does more."""

    packer: Packer
    bodies: Bodies
    head: Callable[[Part], bytes]
    """What the file of bodies of a part begins with."""


def keeping(plan: Plan, frontier: Frontier, now: Now) -> Keeping:
    """Return what keeps the bodies of a crawl."""
    writer = WarcWriter(find_pack())
    notes = {
        "software": f"QuasiCrawler/{__version__}",
        "robots": "obey" if plan.robots else "ignore",
        "http-header-user-agent": plan.user_agent,
    }

    def head(part: Part) -> bytes:
        return writer.info(part.store_name, timestamp(now()), notes)

    return Keeping(packer=Packer(writer), bodies=Bodies(frontier, writer), head=head)
