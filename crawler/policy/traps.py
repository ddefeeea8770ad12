"""Spider traps: URLs that only a loop in a site's links can have made.

The limits are far above what sites have on purpose; each refusal is counted under its reason.
"""

from crawler.policy.canonicalization import MAX_URL_LENGTH

MAX_SEGMENTS = 20
MAX_REPEATS = 3
"""How often one path may hold the same segment."""
MAX_HOPS = 10_000
"""Links between a seed and a page; only generated pages (calendars) go on for longer."""


def refusal(url: str, depth: int = 0) -> str | None:
    """Return why a canonical URL must be a trap: a word for counters, or None.

    `url_length`, `path_segments`, `path_repetition` or `hops`.
    """
    if len(url) > MAX_URL_LENGTH:
        return "url_length"
    if depth > MAX_HOPS:
        return "hops"
    # Two slashes belong to the scheme; fewer than four segments can neither repeat nor be many.
    if url.count("/") < MAX_REPEATS + 3:
        return None
    segments = url.partition("?")[0].split("/")[3:]
    if not segments[-1]:
        segments.pop()
    if len(segments) > MAX_SEGMENTS:
        return "path_segments"
    return "path_repetition" if _repeats(segments) else None


def _repeats(segments: list[str]) -> bool:
    if len(segments) - len(set(segments)) < MAX_REPEATS:
        return False
    return any(segments.count(segment) > MAX_REPEATS for segment in segments)
