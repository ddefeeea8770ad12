"""Title, description, heading, language and canonical address of a page, fit for a record."""

from collections.abc import Sequence
from typing import NamedTuple

from crawler.model.document import Document
from crawler.model.text import collapse, cut

MAX_TITLE_BYTES = 4096
MAX_DESCRIPTION_BYTES = 4096
MAX_LANG_BYTES = 64


class Metadata(NamedTuple):
    """What a page says about itself; None where it says nothing."""

    title: str | None
    description: str | None
    lang: str | None
    canonical: str | None
    h1: str | None
    canonicals: Sequence[str] = ()
    """All that were named, where that is more than one."""


def metadata(document: Document | None, by_header: Sequence[str] = ()) -> Metadata:
    """Return the metadata of a response: white space collapsed, lengths capped, never empty.

    `by_header` are canonical addresses that its headers name; those of the page come first.
    """
    if document is None:
        return Metadata(None, None, None, by_header[0] if by_header else None, None)
    canonicals = document.canonicals
    if by_header:
        canonicals = list(dict.fromkeys((*canonicals, *by_header)))
    metas = document.metas
    description = metas.get("description") or metas.get("og:description")
    return Metadata(
        title=_tidy(document.title, MAX_TITLE_BYTES),
        description=_tidy(description, MAX_DESCRIPTION_BYTES),
        lang=_tidy(document.lang, MAX_LANG_BYTES),
        canonical=canonicals[0] if canonicals else None,
        # Documentation tools put a sign that links to the heading into it.
        h1=_tidy((document.h1 or "").removesuffix("¶"), MAX_TITLE_BYTES),
        canonicals=canonicals if len(canonicals) > 1 else (),
    )


def _tidy(text: str | None, max_bytes: int) -> str | None:
    if not text:
        return None
    return cut(collapse(text), max_bytes).rstrip() or None
