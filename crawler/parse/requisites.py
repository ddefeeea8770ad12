"""What a page needs to look as it does: images, style sheets, scripts, fonts, media.

Only looked for where a crawl keeps them; it is a `Probe`, so pages of other crawls cost nothing.
"""

from collections.abc import Callable

from crawler.model.element import Element
from crawler.parse.css import sheet_urls
from crawler.parse.srcset import srcset_urls
from crawler.policy.canonicalization import MAX_URL_LENGTH, LinkResolver

MAX_ELEMENTS = 20_000
"""Of one page; those after these are not looked at."""
MAX_FOUND = 20_000
"""References of one page, before they are resolved."""
MAX_FRAMES = 100
_MAX_REFERENCE = 4 * MAX_URL_LENGTH

_ELEMENTS = (
    "img,source,script[src],link[href],link[imagesrcset],style,video[poster],video[src],audio[src],"
    'track[src],input[src],object[data],embed[src],[background],image,use,[style*="url(" i],'
    "iframe[src],frame[src]"
)
_LOADING_RELS = frozenset({"stylesheet", "icon", "modulepreload", "mask-icon"})
_TOUCH_ICONS = ("apple-touch-icon", "apple-touch-startup-image")
_PRELOADED = frozenset({"style", "script", "font", "image", "video", "audio", "track", "fetch"})
"""What `rel=preload` may be for; a document or a worker is no part of the page's look."""


class RequisiteProbe:
    """Looks at one page's tree; what it found is resolved afterwards."""

    def __init__(self) -> None:
        self._base: str | None = None
        self._first: dict[str, None] = {}
        self._sizes: dict[str, None] = {}
        """Candidates of `srcset`: a browser takes one of them, so the others come last."""
        self._frames: dict[str, None] = {}

    def __call__(self, root: Element) -> None:
        base = next(iter(root.css("base[href]")), None)
        self._base = None if base is None else base.attribute("href")
        for element in root.css(_ELEMENTS)[:MAX_ELEMENTS]:
            if len(self._first) + len(self._sizes) >= MAX_FOUND:
                break
            look = _LOOKS.get(element.tag)
            if look is not None:
                look(self, element)
            style = element.attribute("style")
            if style:
                self._add_sheet(style)
            background = element.attribute("background")
            if background:
                self._add(background)

    def requisites(self, url: str, resolver: LinkResolver) -> list[str]:
        """Return the canonical targets, unique, what a browser is sure to load first."""
        return resolver.resolve(self._base_of(url, resolver), [*self._first, *self._sizes])

    def frames(self, url: str, resolver: LinkResolver) -> list[str]:
        """Return the documents that the page shows inside of itself."""
        return resolver.resolve(self._base_of(url, resolver), self._frames) if self._frames else []

    def _base_of(self, url: str, resolver: LinkResolver) -> str:
        base = self._base
        if not base or len(base) > _MAX_REFERENCE:
            return url
        found = resolver.resolve(url, [base])
        return found[0] if found else url

    def _add(self, reference: str | None) -> None:
        if reference and len(reference) <= _MAX_REFERENCE and not _is_inline(reference):
            self._first[reference] = None

    def _add_sheet(self, text: str) -> None:
        self._first.update(dict.fromkeys(sheet_urls(text)))

    def _add_sizes(self, text: str | None) -> None:
        if text:
            self._sizes.update(dict.fromkeys(it for it in srcset_urls(text) if _is_short(it)))

    def image(self, element: Element) -> None:
        self._add(element.attribute("src"))
        self._add_sizes(element.attribute("srcset"))
        # What most sites write that load images late, by a script.
        self._add(element.attribute("data-src"))
        self._add_sizes(element.attribute("data-srcset"))

    def source(self, element: Element) -> None:
        self._add(element.attribute("src"))

    def media(self, element: Element) -> None:
        self._add(element.attribute("src"))
        self._add(element.attribute("poster"))

    def data(self, element: Element) -> None:
        self._add(element.attribute("data"))

    def input(self, element: Element) -> None:
        if (element.attribute("type") or "").strip().lower() == "image":
            self._add(element.attribute("src"))

    def link(self, element: Element) -> None:
        rels = (element.attribute("rel") or "").lower().split()
        is_loaded = not _LOADING_RELS.isdisjoint(rels) or any(
            rel.startswith(_TOUCH_ICONS) for rel in rels
        )
        if "preload" in rels:
            is_loaded |= (element.attribute("as") or "").strip().lower() in _PRELOADED
        if is_loaded:
            self._add(element.attribute("href"))
            self._add_sizes(element.attribute("imagesrcset"))

    def style(self, element: Element) -> None:
        self._add_sheet(element.html())

    def drawing(self, element: Element) -> None:
        reference = element.attribute("href") or element.attribute("xlink:href")
        if reference and not reference.startswith("#"):
            self._add(reference)

    def frame(self, element: Element) -> None:
        reference = element.attribute("src")
        if reference and len(self._frames) < MAX_FRAMES and _is_short(reference):
            self._frames[reference] = None


def _is_short(reference: str) -> bool:
    return len(reference) <= _MAX_REFERENCE and not _is_inline(reference)


def _is_inline(reference: str) -> bool:
    return reference[:6].lstrip().lower().startswith(("data:", "blob:"))


_LOOKS: dict[str, Callable[[RequisiteProbe, Element], None]] = {
    "img": RequisiteProbe.image,
    "source": RequisiteProbe.image,
    "script": RequisiteProbe.source,
    "embed": RequisiteProbe.source,
    "audio": RequisiteProbe.source,
    "track": RequisiteProbe.source,
    "video": RequisiteProbe.media,
    "object": RequisiteProbe.data,
    "input": RequisiteProbe.input,
    "link": RequisiteProbe.link,
    "style": RequisiteProbe.style,
    "image": RequisiteProbe.drawing,
    "use": RequisiteProbe.drawing,
    "iframe": RequisiteProbe.frame,
    "frame": RequisiteProbe.frame,
}
