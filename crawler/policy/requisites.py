"""Requisites: what pages need to look as they do, and how far it is followed.

They come before the pages that wait, so that a crawl that ends early has whole pages, not more of
them without their images. The priority says how many sheets led there: nearer ones come first.
"""

from collections.abc import Iterable

from crawler.policy.admission import Admission

FIRST_PRIORITY = 2
"""Of what a page names itself; what its style sheets name has the next one."""
LAST_PRIORITY = 4
"""So that a sheet may import a sheet that shows an image. Pages have 5."""


def priority_below(priority: int) -> int | None:
    """Return the priority of what a requisite names; None where it is too far from its page."""
    return priority + 1 if FIRST_PRIORITY <= priority < LAST_PRIORITY else None


def taken(
    urls: Iterable[str], *, named_by: str, admission: Admission, limit: int
) -> tuple[list[str], list[str]]:
    """Return the canonical URLs that are fetched, and refusals of the others.

    Scope is about pages, so it does not hold here; exclude globs and traps do.

    Args:
        urls: canonical and unique, the most needed first.
        named_by: the page or the sheet; it is no requisite of its own.
        admission: the rules of the crawl.
        limit: more are refused as `requisite_count`.
    """
    kept: list[str] = []
    refusals: list[str] = []
    for url in urls:
        if url == named_by:
            continue
        refusal = admission.refusal_of_requisite(url)
        if refusal is None and len(kept) >= limit:
            refusal = "requisite_count"
        if refusal is None:
            kept.append(url)
        else:
            refusals.append(refusal)
    return kept, refusals
