"""The six sites of the demo web, each at its address."""

from collections.abc import Mapping
from dataclasses import dataclass

from crawler.demo import archive, encyclopaedia, harbour, letters, news, shop
from crawler.demo.answer import Site
from crawler.demo.markup import House

_LOOKS = (
    ("127.0.3.1", "Encyclopaedia", "#7a4b00"),
    ("127.0.3.2", "Pell & Daughter", "#00594c"),
    ("127.0.3.3", "Tidewater Gazette", "#7a0026"),
    ("127.0.3.4", "Letters from Abroad", "#3b2f8f"),
    ("127.0.3.5", "Harbour Office", "#15527a"),
    ("127.0.3.6", "Sound Archive", "#444444"),
)
ADDRESSES = tuple(address for address, _, _ in _LOOKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The whole demo web."""

    port: int
    sites: Mapping[str, Site]
    """By address."""

    @property
    def seeds(self) -> list[str]:
        """Front pages of all sites."""
        return [f"http://{address}:{self.port}/" for address in self.sites]

    @property
    def crawled(self) -> int:
        """How many addresses a polite crawl from the seeds records, redirects included."""
        return sum(
            page.crawled and target != "/robots.txt"
            for site in self.sites.values()
            for target, page in site.items()
        )


def build(port: int) -> Web:
    """Return the web as it is served at `port`: the same every time."""
    bases = [f"http://{address}:{port}" for address in ADDRESSES]
    neighbours = [(f"{base}/", name) for base, (_, name, _) in zip(bases, _LOOKS, strict=True)]
    houses = [
        House(name=name, colour=colour, neighbours=neighbours[:n] + neighbours[n + 1 :])
        for n, (_, name, colour) in enumerate(_LOOKS)
    ]
    elsewhere = f"{bases[0]}/crafts/maps/the-cloth-chart"
    sites = (
        encyclopaedia.site(houses[0]),
        shop.site(houses[1]),
        news.site(houses[2]),
        letters.site(houses[3]),
        harbour.site(houses[4], elsewhere),
        archive.site(houses[5]),
    )
    return Web(port=port, sites=dict(zip(ADDRESSES, sites, strict=True)))
