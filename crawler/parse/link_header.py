"""What the `Link` header of a response says (RFC 8288), as far as it is about the page itself."""

import re
from collections.abc import Mapping

from crawler.parse.html import MAX_CANONICALS, MAX_HREF_LENGTH
from crawler.policy.canonicalization import LinkResolver

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_CANONICAL = re.compile(
    r';\s*rel\s*=\s*(?:"(?:[^"]*\s)?canonical(?:\s[^"]*)?"|canonical\b)', re.IGNORECASE
)


def canonicals_of(url: str, headers: Mapping[str, str], resolver: LinkResolver) -> list[str]:
    """Return the canonical addresses that headers name for what came from `url`, each once."""
    value = headers.get("link")
    if value is None or "canonical" not in value.lower():
        return []
    found = [
        target
        for target, parameters in _LINK.findall(value)
        if len(target) <= MAX_HREF_LENGTH and _CANONICAL.search(parameters)
    ]
    return resolver.resolve(url, found[:MAX_CANONICALS])
