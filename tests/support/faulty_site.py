"""A small site with one fault of each kind, and what an audit has to say about it."""

from tests.support.web import Answer, page, redirect

LONG = "words that fill the page so that nobody calls it thin. " * 6


def good(*links: str, title: str, head: str = "", text: str = "", lang: str = "en") -> Answer:
    """Return a page without a fault but for those asked for."""
    shown = page(
        *links,
        head=f"<title>{title}</title><meta name=description content='About {title}.'>{head}",
        text=f"<h1>{title}</h1>{title}: {text or LONG}",
    )
    body = shown.body.replace(b"<!doctype html>", f"<!doctype html><html lang={lang}>".encode())
    return shown._replace(body=body)


def _link(target: str, text: str) -> str:
    return f'<a href="{target}">{text}</a>'


def _canonical(target: str) -> str:
    return f'<link rel=canonical href="{target}">'


def _alternate(lang: str, target: str) -> str:
    return f'<link rel=alternate hreflang={lang} href="{target}">'


SAME = good(title="Twin")
SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
{entries}</urlset>"""
LISTED = ("/", "/a", "/orphan", "/map-gone", "/first", "/hidden", "/twin-1", "/twin-2", "/german")
PAGES: dict[str, Answer] = {
    "/robots.txt": Answer(
        b"User-agent: *\nDisallow: /private\nSitemap: http://{0}/map.xml\n",
        content_type="text/plain",
    ),
    "/map.xml": Answer(
        SITEMAP.format(
            entries="".join(f"<url><loc>http://{{0}}{path}</loc></url>" for path in LISTED)
        ).encode(),
        content_type="application/xml",
    ),
    "/": good(
        *("/a", "/b", "/private", "/refused", "/twin-1", "/twin-2", "/hidden", "/canonicals"),
        _link("/gone", "Our <b>history</b>"),
        _link("/lost", "our old shop"),
        *("/broken", "/first", "/round", "/german", "/empty", "/far-1", "/app"),
        _link("http://{1}/there", "friends"),
        _link("http://{1}/not-there", "more friends"),
        _link("http://{1}/moved", "moved friends"),
        _link("http://{1}/private", "shy friends"),
        '<a rel=nofollow href="/unfollowed">own</a>',
        title="Start",
    ),
    "/a": good("/gone", "/old-gone", "/second", title="Same title"),
    "/b": good(_link("/gone", "gone again"), title="Same title"),
    "/old-gone": redirect("/gone", 301),
    "/broken": Answer(b"oops", 500),
    "/lost": good(title="Page not found"),
    "/refused": Answer(b"no", 403),
    "/first": redirect("/second", 301),
    "/second": redirect("/a", 302),
    "/round": redirect("/round-again"),
    "/round-again": redirect("/round"),
    "/orphan": good(title="Orphan"),
    "/twin-1": SAME,
    "/twin-2": SAME,
    "/hidden": good(title="Hidden", head="<meta name=robots content=noindex>"),
    "/german": good(title="Deutsch", head=_alternate("en", "/a"), lang="de"),
    "/empty": page(text="hello"),
    "/app": page(
        head="<script src=/app.js></script><title>App</title>", text="<div id=root></div>"
    ),
    "/canonicals": good(
        "/c-gone", "/c-moved", "/c-chain", "/c-away", "/c-hidden", "/c-two", "/c-head", title="Cs"
    ),
    "/c-gone": good(title="C1", head=_canonical("/gone")),
    "/c-moved": good(title="C2", head=_canonical("/first")),
    "/c-chain": good(title="C3", head=_canonical("/c-away")),
    "/c-away": good(title="C4", head=_canonical("http://{1}/elsewhere")),
    "/c-two": good(title="C6", head=_canonical("/a") + _canonical("/b")),
    "/c-head": good(title="C7", head=_canonical("/a"))._replace(
        headers={"Link": '<http://{0}/b>; rel="canonical"'}
    ),
    "/c-hidden": good(title="C5", head=_canonical("/hidden")),
    **{f"/far-{n}": good(f"/far-{n + 1}", title=f"Far {n}") for n in range(1, 6)},
    "/far-6": good(title="Far 6"),
    "1/robots.txt": Answer(b"User-agent: *\nDisallow: /private\n", content_type="text/plain"),
    "1/there": good(title="There"),
    "1/moved": redirect("/there", 301),
}
