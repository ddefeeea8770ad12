"""Requisites: what pages need to look as they do, and how far it is followed.

They come before the pages that wait, so that a crawl that ends early has whole pages, not more of
them without their images. The priority says how many sheets led there: nearer ones come first.
"""

FIRST_PRIORITY = 2
"""Of what a page names itself; what its style sheets name has the next one."""
LAST_PRIORITY = 4
"""So that a sheet may import a sheet that shows an image. Pages have 5."""


def priority_below(priority: int) -> int | None:
    """Return the priority of what a requisite names; None where it is too far from its page."""
    return priority + 1 if FIRST_PRIORITY <= priority < LAST_PRIORITY else None
