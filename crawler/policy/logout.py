"""Links that end a session: who follows one is a stranger to the site for the rest of the crawl."""

import re
from collections.abc import Callable

from crawler.model.url import host_key

# Also within camelCase (`doLogout`, `logoutUser`), but not in "blogout" or "catalogoff".
_WORDS = re.compile(
    r"(?:(?<![A-Za-z])(?i:l)|(?<=[a-z])L)(?i:og(?:[-_.+]|%20)?(?:out|off))(?![a-z])"
    r"|(?:(?<![A-Za-z])(?i:s)|(?<=[a-z])S)(?i:ign(?:[-_.+]|%20)?(?:out|off))(?![a-z])"
    r"|(?<![A-Za-z])(?i:end[-_]?session|abmelden|ausloggen|d%C3%A9connexion|deconnexion"
    r"|cerrar[-_]?sesi(?:o|%C3%B3)n|uitloggen)(?![A-Za-z])"
).search


def refusal(url: str, has_session: Callable[[str], bool]) -> str | None:
    """Return `logout` for a log-out of a host that we have a session with, else None."""
    if is_logout(url) and has_session(host_key(url)):
        return "logout"
    return None


def is_logout(url: str) -> bool:
    """Tell whether path or query of a canonical URL names a log-out."""
    return _WORDS(url, url.index("/", 8)) is not None
