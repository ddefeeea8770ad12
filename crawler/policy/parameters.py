"""Parameters that say who came and from where, not what to show: they leave the canonical form.

A page that is linked with a session id has as many URLs as visitors, and with the marks of a
campaign as many as letters were sent. Without them it has one.
"""

import re
from collections.abc import Iterable

DEFAULT_NAMES = (
    # Campaigns.
    *("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id"),
    *("utm_source_platform", "utm_creative_format", "utm_marketing_tactic", "utm_name"),
    *("utm_reader", "utm_referrer", "utm_brand", "utm_social", "utm_social-type", "utm_cid"),
    # Clicks and visitors, as advertisers, networks and mailers number them.
    *("gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "gad_campaignid", "srsltid"),
    *("fbclid", "msclkid", "yclid", "ysclid", "_openstat", "igshid", "igsh", "ttclid", "twclid"),
    *("li_fat_id", "mc_cid", "mc_eid", "mkt_tok", "_ga", "_gl", "_hsenc", "_hsmi", "__hstc"),
    *("__hssc", "__hsfp", "vero_id", "oly_anon_id", "oly_enc_id"),
    # Sessions. A short number may as well be that of a session at a conference.
    *("jsessionid", "phpsessid", "aspsessionid*", "cfid", "cftoken"),
    *("sessionid:16", "session_id:16"),
)
"""Nothing that any site selects content with: neither `id` nor `ref`, `source` or `sid`."""
DEFAULT_WORD = "default"
"""Stands for all of them in a list that a person writes."""

NAME = re.compile(r"(?=[^:])(?P<name>[^\s&=;#?/:*]*)(?P<star>\*?)(?::(?P<least>[1-9][0-9]{0,3}))?")
"""`name`, `begins*` or `name:16`, which is dropped only where its value is at least as long."""

_DOT_SEGMENT = re.compile(r"(?i)/(?:\.|%2e){1,2}(?=/|\Z)").search


class Parameters:
    """Removes parameters of some names, in any case, from canonical URLs."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """`names` as `NAME` has them; without any, nothing is removed."""
        self._names: dict[str, int] = {}
        """Name to the length that its value must have."""
        self._beginnings: dict[str, int] = {}
        for text in names:
            parts = NAME.fullmatch(text)
            if parts is None:
                raise AssertionError(f"unchecked parameter name {text!r}")
            kind = self._beginnings if parts["star"] else self._names
            kind[parts["name"].lower()] = int(parts["least"] or 0)
        self._starts = tuple(self._beginnings)

    def stripped(self, url: str) -> str:
        """Return a canonical URL without the parameters; all else stays as it is spelt."""
        if not (self._names or self._beginnings):
            return url
        address, mark, query = url.partition("?")
        if mark:
            pairs = query.split("&")
            kept = [pair for pair in pairs if not self._drops(pair)]
            if len(kept) < len(pairs):
                query = "&".join(kept)
                mark = "?" if query else ""
        if ";" in address:
            address = self._stripped_path(address)
        return address + mark + query

    def removed(self, url: str) -> list[str]:
        """Return the `name=value` texts that `stripped` takes out of a URL."""
        address, _, query = url.partition("?")
        found = [pair for pair in query.split("&") if self._drops(pair)]
        if self._stripped_path(address) != address:
            path = address[address.index("/", 8) :]
            found += [text for text in re.split("[/;]", path) if self._drops(text)]
        return found

    def _stripped_path(self, address: str) -> str:
        # The host's name may hold semicolons as well, and stays.
        *place, path = address.split("/", 3)
        segments = place
        for segment in path.split("/"):
            first, *others = segment.split(";")
            segments.append(";".join([first, *(it for it in others if not self._drops(it))]))
        path = "/".join(segments)
        # `/..;jsessionid=1/` would become another path altogether.
        return address if _DOT_SEGMENT(path) else path

    def _drops(self, pair: str) -> bool:
        name, _, value = pair.partition("=")
        name = name.lower()
        least = self._names.get(name)
        if least is None and name.startswith(self._starts):
            start = max(filter(name.startswith, self._starts), key=len)
            least = self._beginnings[start]
        return least is not None and len(value) >= least
