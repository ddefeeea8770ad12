"""Tells pages that show themselves only to a browser that runs their scripts.

What is known is what a crawler gets: little text, and scripts. Many pages are short for other
reasons, so more is asked for: that the page says so itself in its `noscript`, that the element its
scripts are to fill is empty, or that there is nothing else on it at all. The pages this was
measured on are in `tests/unit/parse/test_scripted.py`.
"""

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborNode

MAX_TEXT_CHARS = 400
"""A page with more text than this shows something."""
_BARE_TEXT_CHARS = 60
"""Such as `Loading...`."""
_FEW_LINKS = 3
_LOOKED_AT_BYTES = 262_144
"""Of the start of a page and of its end: what is between them in so short a page is script."""
_LOOKED_AT_ELEMENTS = 200

_SCRIPT = re.compile(rb"<script", re.IGNORECASE)
# Each runs over what it matches once: nothing is asked for after the loop.
_NOSCRIPT = re.compile(rb"<noscript(?:[^<]++|<(?!/noscript))*+", re.IGNORECASE)
_TELLS = re.compile(rb"javascript|scripting", re.IGNORECASE)
_FRAMEWORKS = re.compile(
    r"root|app|__next|__nuxt|___gatsby|__layout|svelte|(?:react|app|vue|elm)-?(?:root|app|main)"
    r"|app-?container|mount|main-?app|application|q-app",
    re.IGNORECASE,
)
"""Ids of the element that the scripts of the usual frameworks fill."""
_OWN_ELEMENTS = re.compile(r"[a-z0-9-]+-(?:app|root)", re.IGNORECASE).fullmatch
"""Others fill an element with a name of its own, `app-root`; empty ones of other names are usual on
pages that show much (rustdoc's `rustdoc-topbar`)."""
_SHOWN = "img,picture,video,audio,iframe,object,embed,input,textarea,form,canvas"


def needs_browser(data: bytes, body: LexborNode, text: str, links: Sequence[str]) -> bool:
    """Return whether a page probably needs its scripts run.

    Args:
        data: The page in UTF-8.
        body: Without scripts and the like, and without inline elements.
        text: What it shows.
        links: All its links.
    """
    if len(text) > MAX_TEXT_CHARS or len(links) > _FEW_LINKS:
        return False
    if len(data) > 2 * _LOOKED_AT_BYTES:
        data = data[:_LOOKED_AT_BYTES] + data[-_LOOKED_AT_BYTES:]
    if _SCRIPT.search(data) is None:
        return False
    if any(_TELLS.search(told[0]) for told in _NOSCRIPT.finditer(data)):
        return True
    elements = body.css("*")[:_LOOKED_AT_ELEMENTS]
    if any(_is_mount(element) for element in elements):
        return True
    return len(text) <= _BARE_TEXT_CHARS and not links and body.css_first(_SHOWN) is None


def _is_mount(element: LexborNode) -> bool:
    """Whether this is an element for scripts to fill that nobody has filled."""
    name = element.attrs.get("id")
    has_id = name is not None and _FRAMEWORKS.fullmatch(name) is not None
    if not has_id and not _OWN_ELEMENTS(element.tag or ""):
        return False
    if element.css_first("input,textarea,form") is not None:
        return False
    return len(element.text().strip()) <= (_BARE_TEXT_CHARS if has_id else 0)
