"""Pell & Daughter, instruments: listings by query, and links that are not for crawlers."""

import json

from crawler.demo.answer import Page, Site, page, robots, shunned
from crawler.demo.markup import Crumbs, House, bullets, link, paragraphs, slug
from crawler.demo.prose import Writer
from crawler.demo.words import FINISHES, GOODS, SENTENCES

_HOME = ("/", "Pell & Daughter")
_PER_PAGE = 5
_ITEMS = {
    shelf: [
        (f"{thing} {finish}", f"/item/{slug(f'{thing} {finish}')}")
        for n, thing in enumerate(things)
        for finish in (FINISHES[n], FINISHES[(n + 2) % len(FINISHES)])
    ]
    for shelf, things in GOODS.items()
}


def site(house: House) -> Site:
    """Return all pages of the shop."""
    shelves: Crumbs = [(f"/shelf/{shelf}", shelf.title()) for shelf in GOODS]
    welcome = (
        f'<p class="card">Open when the flag is up.</p>\n{bullets(shelves)}\n'
        f"<p>{link('/basket', 'Your basket')} · {link('/terms', 'Terms', 'nofollow')}</p>"
    )
    pages: dict[str, Page] = {
        "/robots.txt": robots(
            "User-agent: *",
            "Disallow: /basket",
            "Disallow: /*sort=",
            "",
            "User-agent: HaggleBot",
            "Disallow: /",
        ),
        "/": page(house.render("Instruments and Curiosities", welcome, about="Since 1702")),
        "/basket": shunned(house.render("Your basket", "<p>It is empty. It is always empty.</p>")),
        "/terms": shunned(house.render("Terms", "<p>No returns after the tide.</p>")),
    }
    for shelf, items in _ITEMS.items():
        for number in range(0, len(items), _PER_PAGE):
            target = _shelf_target(shelf, number // _PER_PAGE + 1)
            pages[target] = page(_shelf(house, shelf, number))
        pages[f"/shelf/{shelf}?sort=price"] = shunned(_shelf(house, shelf, 0))
        for name, target in items:
            pages[target] = page(_item(house, shelf, name))
            pages[f"/add?item={slug(name)}"] = shunned("<p>Added.</p>")
    return pages


def _shelf_target(shelf: str, number: int) -> str:
    return f"/shelf/{shelf}" if number == 1 else f"/shelf/{shelf}?page={number}"


def _shelf(house: House, shelf: str, first: int) -> str:
    items = _ITEMS[shelf]
    number, last = first // _PER_PAGE + 1, (len(items) - 1) // _PER_PAGE + 1
    turn = [
        link(_shelf_target(shelf, other), label)
        for other, label in ((number - 1, "Previous"), (number + 1, "Next"))
        if 1 <= other <= last
    ]
    body = (
        f"<p>Page {number} of {last}. {link(f'/shelf/{shelf}?sort=price', 'Sort by price')}</p>\n"
        f"{bullets([(target, name) for name, target in items[first : first + _PER_PAGE]])}\n"
        f"<p>{' · '.join(turn)}</p>"
    )
    return house.render(shelf.title(), body, crumbs=[_HOME])


def _item(house: House, shelf: str, name: str) -> str:
    writer = Writer(name)
    price = f"{writer.number(3, 90)}.{writer.number(0, 9)}0"
    text = writer.paragraph(SENTENCES["crafts"], 3, name=name)
    others = writer.some([target for _, target in _ITEMS[shelf]], 3)
    names = {target: other for other, target in _ITEMS[shelf]}
    data = {"@type": "Product", "name": name, "offers": {"price": price, "priceCurrency": "HRG"}}
    body = (
        f'<p class="card"><span class="price">{price}</span> herring, '
        f"{writer.number(1, 12)} left on the shelf. "
        f"{link(f'/add?item={slug(name)}', 'Add to basket', 'nofollow')}</p>\n"
        f"{paragraphs([text])}\n<h2>Bought together</h2>\n"
        f"{bullets([(target, names[target]) for target in others])}"
    )
    return house.render(
        name,
        body,
        about=f"{name}, {price} herring",
        crumbs=[_HOME, (f"/shelf/{shelf}", shelf.title())],
        head=f'<script type="application/ld+json">{json.dumps(data)}</script>\n',
    )
