"""Whether other rules can only take URLs away: then what was read before need not be read again.

Rules are mappings as `crawler.pipeline.changed_rules.identity.rules_of` makes them. When in doubt
the answer is that they may be wider: reading for nothing costs time, not reading loses pages.
"""

from collections.abc import Mapping
from typing import Any

_MODES = ("page", "prefix", "host", "domain", "any")
"""Around the same seeds each holds all of those before it."""
SITE_RULES = ("match", "scope", "include", "exclude", "depth", "known")
"""What a table of a site says about which URLs belong to the crawl."""


def may_be_wider(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Tell whether a link that `before` refused without storing it may be allowed `now`.

    Depth has no part in it: what is too deep is stored.
    """
    if _sites(before) != _sites(now):
        return True
    if _MODES.index(now["scope"]) > _MODES.index(before["scope"]):
        return True
    if not set(before["exclude"]) <= set(now["exclude"]):
        return True
    # Where the crawl is logged in no link that logs out is followed.
    if not set(before.get("cookie_domains", ())) <= set(now.get("cookie_domains", ())):
        return True
    includes, were = set(now["include"]), set(before["include"])
    return bool(were) and not (includes and includes <= were)


def judges_otherwise(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Tell whether any URL may be judged otherwise `now`, by scope, globs or depth."""
    names = ("scope", "include", "exclude", "depth", "sitemaps", "requisites", "cookie_domains")
    return _sites(before) != _sites(now) or any(before.get(n) != now.get(n) for n in names)


def _sites(rules: Mapping[str, Any]) -> list[list[Any]]:
    """Return the tables that say anything about URLs, in their order: the first match holds."""
    found = [[site.get(name) for name in SITE_RULES] for site in rules.get("sites", ())]
    return [site for site in found if any(value not in (None, False) for value in site[1:])]
