"""HTML around the demo's words: one sheet of style, a heading, breadcrumbs, a footer."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

_STYLE = (
    "body{{font:18px/1.6 Georgia,serif;max-width:42rem;margin:2rem auto;padding:0 1rem;"
    "color:#222;background:#fdfcf9}}a{{color:{colour}}}header,footer{{font-size:.85em;color:#666}}"
    "h1{{line-height:1.2}}nav{{font-size:.85em}}.card{{border-left:4px solid {colour};"
    "padding-left:1rem}}"
)

Crumbs = Sequence[tuple[str, str]]
"""(href, label) of the pages above this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The look of one site, and its neighbours for the footer."""

    name: str
    colour: str
    neighbours: Crumbs
    lang: str = "en"

    def render(
        self, title: str, body: str, *, about: str = "", crumbs: Crumbs = (), head: str = ""
    ) -> str:
        """Return a whole page; `body` and `head` are HTML, the rest is text."""
        description = f'<meta name="description" content="{escape(about)}">\n' if about else ""
        trail = "".join(
            f'{link(href, label)} <span aria-hidden="true">&rsaquo;</span> '
            for href, label in crumbs
        )
        trail = f'<nav aria-label="Breadcrumb">{trail}{escape(title)}</nav>\n' if crumbs else ""
        return (
            f'<!doctype html>\n<html lang="{self.lang}">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{escape(title)} · {escape(self.name)}</title>\n{description}{head}"
            f"<style>{_STYLE.format(colour=self.colour)}</style>\n</head>\n<body>\n"
            f"<header>{escape(self.name)}</header>\n{trail}<h1>{escape(title)}</h1>\n"
            f"<main>\n{body}\n</main>\n<footer><hr>The Lantern Isles on the web: "
            f"{', '.join(link(href, label) for href, label in self.neighbours)}"
            f"</footer>\n</body>\n</html>\n"
        )


def link(href: str, label: str, rel: str = "") -> str:
    """Return an anchor."""
    extra = f' rel="{rel}"' if rel else ""
    return f'<a href="{escape(href)}"{extra}>{escape(label)}</a>'


def bullets(entries: Crumbs) -> str:
    """Return a list of links."""
    items = "".join(f"<li>{link(href, label)}</li>\n" for href, label in entries)
    return f"<ul>\n{items}</ul>"


def paragraphs(texts: Sequence[str]) -> str:
    """Return each text as a paragraph."""
    return "\n".join(f"<p>{escape(text)}</p>" for text in texts)


def slug(name: str) -> str:
    """Return a name as it stands in an address."""
    kept = "".join(c if c.isalnum() else "-" for c in name.lower().replace("'", ""))
    return quote(kept.strip("-"))
