"""What Pell & Daughter sell: the truth that the pages of the shop tell in four different ways."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from crawler.demo.markup import slug
from crawler.demo.prose import Writer
from crawler.demo.words import FINISHES, GOODS

CURRENCY = "HRG"
"""Herring, the money of the Lantern Isles."""

Markup = Literal["json_ld", "microdata", "opengraph", "plain"]
_MARKUPS: tuple[Markup, ...] = ("json_ld", "microdata", "opengraph", "plain")
_FIRST_DAY = date(2026, 1, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ware:
    """One product, and how its page is marked up."""

    name: str
    shelf: str
    sku: str
    price: str | None
    """In herring, with a decimal point; None: on request."""
    stock: int
    released: date
    markup: Markup

    @property
    def target(self) -> str:
        return f"/item/{slug(self.name)}"

    @property
    def picture(self) -> str:
        return f"/pictures/{slug(self.name)}.svg"


def _wares() -> tuple[Ware, ...]:
    named = [
        (shelf, f"{thing} {finish}")
        for shelf, things in GOODS.items()
        for n, thing in enumerate(things)
        for finish in (FINISHES[n], FINISHES[(n + 2) % len(FINISHES)])
    ]
    return tuple(_ware(number, shelf, name) for number, (shelf, name) in enumerate(named))


def _ware(number: int, shelf: str, name: str) -> Ware:
    writer = Writer(f"ware/{name}")
    whole = writer.number(3, 90)
    if number % 6 == 5:
        whole = whole * 40 + 1000  # a price with a thousands separator
    price = f"{whole}.{writer.number(0, 9)}0"
    return Ware(
        name=name,
        shelf=shelf,
        sku=f"{shelf[:2].upper()}-{1000 + number}",
        price=None if number % 7 == 4 else price,
        stock=writer.number(0, 12),
        released=_FIRST_DAY + timedelta(days=5 * number),
        markup=_MARKUPS[number % len(_MARKUPS)],
    )


WARES = _wares()
"""In the order of the shelves."""
