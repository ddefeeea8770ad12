"""Tables of single sites that held for no host of the crawl: probably a slip of the pen."""

from collections.abc import Iterable

from crawler.logs import get_logger
from crawler.model.site import Site
from crawler.ports import Frontier


async def say_unmatched(sites: Iterable[Site], frontier: Frontier) -> None:
    """Log each table that matches no host; asked once, when a crawl has come to its end."""
    for site in sites:
        if not await frontier.control.has_host(site.match):
            get_logger("crawler.run").warning("site_unmatched", match=site.match)
