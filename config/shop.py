"""The products of the demonstration shop by code, as `shop.toml` takes them by configuration.

`shop-by-code.toml` names this function. Everything that it can use is in docs/reference/api.md.
"""

import re
import time

from crawler.api import Document, Element, Extraction, Link

CURRENCY = "HRG"


def parse(page: Document) -> Extraction | None:
    """Take the product of an item's page, or the cards of a shelf."""
    if "/item/" in page.url:
        return Extraction(product(page))
    if "/shelf/" in page.url:
        # Products before listings: whoever stops the crawl early has more of them.
        wares = [card(ware, page) for ware in page.css("li.ware")]
        return Extraction({"items": wares}, [Link(str(ware["link"]), priority=3) for ware in wares])
    return None


def product(page: Document) -> dict[str, object]:
    """The shop marks its pages up in four ways; the first that is there holds."""
    facts = from_json_ld(page) or from_metas(page) or from_elements(page)
    return {
        "name": page.css("h1")[0].text(),
        "price": price(facts.get("price")),
        "sku": facts["sku"],
        "stock": int(re.sub(r"\D", "", facts["stock"])),
        "released": day(facts["released"]),
        "picture": page.absolute(facts["picture"]),
        "related": [page.absolute(href(other)) for other in page.css("h2 + ul a")],
    }


def from_json_ld(page: Document) -> dict[str, str]:
    for thing in page.json_ld:
        match thing:
            case {"@type": "Product", "offers": [{"inventoryLevel": {"value": stock}, **offer}]}:
                return {
                    "price": str(offer.get("price", "")),
                    "sku": str(thing["sku"]),
                    "stock": str(stock),
                    "released": str(thing["releaseDate"]),
                    "picture": str(thing["image"][0]),  # type: ignore[index]
                }
    return {}


def from_metas(page: Document) -> dict[str, str]:
    metas = page.metas
    if metas.get("og:type") != "product":
        return {}
    return {
        "price": metas.get("product:price:amount", ""),
        "sku": metas["product:retailer_item_id"],
        "stock": metas["product:inventory"],
        "released": metas["product:release_date"],
        "picture": metas["og:image"],
    }


def from_elements(page: Document) -> dict[str, str]:
    """Microdata, or the classes that the style sheet goes by."""
    return {
        "price": text(page, "[itemprop=price], .card .price"),
        "sku": text(page, "[itemprop=sku], .sku"),
        "stock": text(page, "[itemprop=inventoryLevel], .stock"),
        "released": text(page, "[itemprop=releaseDate], .since"),
        "picture": page.css(".card img")[0].attribute("src") or "",
    }


def card(ware: Element, page: Document) -> dict[str, object]:
    [link] = ware.css("a")
    shown = ware.css(".price")[0].text()
    return {"name": link.text(), "link": page.absolute(href(link)), "price": price(shown)}


def href(link: Element) -> str:
    return link.attribute("href") or ""


def text(page: Document, selector: str) -> str:
    found = page.first(selector)
    return "" if found is None else found.text()


def price(shown: str | None) -> dict[str, object] | None:
    """`1,234.50 herring`, or in words that it is told on request."""
    found = re.search(r"\d[\d,]*\.\d+", shown or "")
    if found is None:
        return None
    return {"amount": float(found[0].replace(",", "")), "currency": CURRENCY}


def day(shown: str) -> str:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", shown):
        return shown
    return time.strftime("%Y-%m-%d", time.strptime(shown, "%d %B %Y"))
