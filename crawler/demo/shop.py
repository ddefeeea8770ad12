"""Pell & Daughter, instruments: listings by query, and links that are not for crawlers."""

from crawler.demo.answer import Answer, Page, Site, page, robots, shunned
from crawler.demo.markup import Crumbs, House, bullets, link, paragraphs, slug
from crawler.demo.prose import Writer
from crawler.demo.ware_page import card, facts, head
from crawler.demo.wares import WARES, Ware
from crawler.demo.words import GOODS, SENTENCES

_HOME = ("/", "Pell & Daughter")
_PER_PAGE = 5
_ITEMS = {shelf: [ware for ware in WARES if ware.shelf == shelf] for shelf in GOODS}


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
    for shelf, wares in _ITEMS.items():
        for number in range(0, len(wares), _PER_PAGE):
            target = _shelf_target(shelf, number // _PER_PAGE + 1)
            pages[target] = page(_shelf(house, shelf, number))
        pages[f"/shelf/{shelf}?sort=price"] = shunned(_shelf(house, shelf, 0))
    for ware in WARES:
        pages[ware.target] = page(_item(house, ware))
        pages[ware.picture] = _picture(house, ware)
        pages[f"/add?item={slug(ware.name)}"] = shunned("<p>Added.</p>")
    return pages


def _shelf_target(shelf: str, number: int) -> str:
    return f"/shelf/{shelf}" if number == 1 else f"/shelf/{shelf}?page={number}"


def _shelf(house: House, shelf: str, first: int) -> str:
    wares = _ITEMS[shelf]
    number, last = first // _PER_PAGE + 1, (len(wares) - 1) // _PER_PAGE + 1
    turn = [
        link(_shelf_target(shelf, other), label)
        for other, label in ((number - 1, "Previous"), (number + 1, "Next"))
        if 1 <= other <= last
    ]
    cards = "\n".join(card(ware) for ware in wares[first : first + _PER_PAGE])
    body = (
        f"<p>Page {number} of {last}. {link(f'/shelf/{shelf}?sort=price', 'Sort by price')}</p>\n"
        f"<ul>\n{cards}\n</ul>\n"
        f"<p>{' · '.join(turn)}</p>"
    )
    return house.render(shelf.title(), body, crumbs=[_HOME])


def _item(house: House, ware: Ware) -> str:
    writer = Writer(ware.name)
    text = writer.paragraph(SENTENCES["crafts"], 3, name=ware.name)
    others = writer.some([other.target for other in _ITEMS[ware.shelf]], 3)
    names = {other.target: other.name for other in _ITEMS[ware.shelf]}
    body = (
        f"{facts(ware)}\n<p>{link(f'/add?item={slug(ware.name)}', 'Add to basket', 'nofollow')}"
        f"</p>\n{paragraphs([text])}\n<h2>Bought together</h2>\n"
        f"{bullets([(target, names[target]) for target in others])}"
    )
    return house.render(
        ware.name,
        body,
        about=f"{ware.name}, from Pell & Daughter",
        crumbs=[_HOME, (f"/shelf/{ware.shelf}", ware.shelf.title())],
        head=head(ware),
    )


def _picture(house: House, ware: Ware) -> Page:
    """A picture that a page shows; no link leads to it."""
    side = 20 + ware.stock * 5
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        f'<circle cx="50" cy="50" r="{side // 2}" fill="{house.colour}"/></svg>\n'
    )
    answer = Answer(body=drawing.encode(), content_type="image/svg+xml")
    return Page(answers=(answer,), crawled=False)
