"""How the shop marks up a product: JSON-LD, microdata, OpenGraph or plain HTML, as shops do."""

import json
from html import escape

from crawler.demo.markup import link
from crawler.demo.wares import CURRENCY, Ware

_ON_REQUEST = "Price on request"


def head(ware: Ware) -> str:
    """Return what stands in the head of a product's page."""
    match ware.markup:
        case "json_ld":
            return _json_ld(ware)
        case "opengraph":
            return _opengraph(ware)
        case "microdata" | "plain":
            return ""


def facts(ware: Ware) -> str:
    """Return the facts of a product as its page shows them."""
    match ware.markup:
        case "microdata":
            return _microdata(ware)
        case "json_ld" | "opengraph":
            # For people only: machines have read the head.
            return (
                f'<p class="card"><img src="{ware.picture}" alt="" width="60"> '
                f"{_price_text(ware)}, {_stock_text(ware)}</p>"
            )
        case "plain":
            return _plain(ware)


def card(ware: Ware) -> str:
    """Return a product as a listing shows it."""
    return (
        f'<li class="ware">{link(ware.target, ware.name)} '
        f'<span class="price">{_price_text(ware)}</span></li>'
    )


def _price_text(ware: Ware) -> str:
    return _ON_REQUEST if ware.price is None else f"{float(ware.price):,.2f} herring"


def _stock_text(ware: Ware) -> str:
    return f"{ware.stock} left on the shelf"


def _json_ld(ware: Ware) -> str:
    offer: dict[str, object] = {"@type": "Offer", "inventoryLevel": {"value": ware.stock}}
    if ware.price is not None:
        offer |= {"price": ware.price, "priceCurrency": CURRENCY}
    shop = {"@type": "Organization", "@id": "#shop", "name": "Pell & Daughter"}
    product = {
        "@type": "Product",
        "name": ware.name,
        "sku": ware.sku,
        "image": [ware.picture],
        "releaseDate": ware.released.isoformat(),
        "offers": [offer],
        "brand": {"@id": "#shop"},
    }
    data = {"@context": "https://schema.org", "@graph": [shop, product]}
    text = json.dumps(data).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>\n'


def _opengraph(ware: Ware) -> str:
    pairs = [
        ("og:type", "product"),
        ("og:title", ware.name),
        ("og:image", ware.picture),
        ("product:retailer_item_id", ware.sku),
        ("product:inventory", str(ware.stock)),
        ("product:release_date", ware.released.isoformat()),
    ]
    if ware.price is not None:
        pairs += [("product:price:amount", ware.price), ("product:price:currency", CURRENCY)]
    return "".join(f'<meta property="{name}" content="{escape(text)}">\n' for name, text in pairs)


def _microdata(ware: Ware) -> str:
    price = f"<span>{_ON_REQUEST}</span>"
    if ware.price is not None:
        price = (
            f'<span itemprop="price" content="{ware.price}">{_price_text(ware)}</span>'
            f'<meta itemprop="priceCurrency" content="{CURRENCY}">'
        )
    return (
        '<div class="card" itemscope itemtype="https://schema.org/Product">'
        f'<img itemprop="image" src="{ware.picture}" alt="" width="60"> '
        f'<b itemprop="name">{escape(ware.name)}</b> '
        f'(<span itemprop="sku">{ware.sku}</span>), since '
        f'<time itemprop="releaseDate" datetime="{ware.released}">{ware.released:%d %B %Y}</time>: '
        f'<span itemprop="offers" itemscope itemtype="https://schema.org/Offer">{price}, '
        f'<span itemprop="inventoryLevel">{_stock_text(ware)}</span></span></div>'
    )


def _plain(ware: Ware) -> str:
    return (
        f'<div class="card"><img class="photo" src="{ware.picture}" alt="" width="60"> '
        f'<span class="price">{_price_text(ware)}</span>, '
        f'<span class="stock">{_stock_text(ware)}</span>\n'
        f'<p>No. <span class="sku">{ware.sku}</span>, '
        f'made since <span class="since">{ware.released:%-d %B %Y}</span></p></div>'
    )
