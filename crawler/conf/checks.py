"""What single values must look like; every function raises ValueError in words for a person.

They run on what was typed, before pydantic sees it. Messages about secrets do not repeat them.
"""

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

from crawler.conf.units import parse_duration_ms, parse_size_bytes
from crawler.policy.parameters import DEFAULT_NAMES, DEFAULT_WORD, NAME

_NOTHING = ("none", "off", "")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_BRACED = re.compile(r"(?<![{$])\{(\w+)\}(?!\})")
PART_PLACES = ("path", "name", "store", "job")
"""What `on_part_sealed` may name in braces; `crawler.pipeline.upkeep.part_shipper` fills it in."""
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OUR_HEADERS = {
    "accept-encoding": "the crawler says what it can decode",
    "connection": "connections are the crawler's",
    "content-length": "requests have no body",
    "host": "it follows from the URL",
    "transfer-encoding": "requests have no body",
    "upgrade": "connections are the crawler's",
    "user-agent": "use --user-agent",
}


def to_seconds(value: object) -> float:
    return parse_duration_ms(value) / 1000


def to_bytes(value: object) -> int:
    return parse_size_bytes(value)


def none_or_seconds(value: object) -> float | None:
    return None if _is_nothing(value) else to_seconds(value)


def none_or_some_seconds(value: object) -> float | None:
    """Refuse 0 too: a run of no time at all is never meant."""
    seconds = none_or_seconds(value)
    if seconds == 0:
        raise ValueError(f"{value!r} is no time at all: write 30s, 5m or 2h, or none for no limit")
    return seconds


def recrawl_or_none(value: object) -> float | None:
    """None, or `never` as a site has it: pages are visited once."""
    if isinstance(value, str) and value.strip().lower() == "never":
        return None
    seconds = none_or_seconds(value)
    if seconds == 0:
        raise ValueError(f"{value!r} is no time at all: write 12h or 7d, or none to visit once")
    return seconds


def never_or_seconds(value: object) -> float | str:
    if isinstance(value, str) and value.strip().lower() == "never":
        return "never"
    seconds = to_seconds(value)
    if seconds == 0:
        raise ValueError(f"{value!r} is no time at all: write 12h or 7d, or never")
    return seconds


def none_or_bytes(value: object) -> int | None:
    return None if _is_nothing(value) else to_bytes(value)


def none_or_same(value: object) -> object:
    """Let `none` lift a limit that a file has set."""
    return None if _is_nothing(value) else value


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def split_words(value: object) -> object:
    """Split a text at blanks; a list is taken as it is."""
    return value.split() if isinstance(value, str) else value


def split_words_and_commas(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value


def split_lines(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [line.strip() for line in value.splitlines() if line.strip()]


def no_empty_words(words: tuple[str, ...]) -> tuple[str, ...]:
    if any(not word.strip() for word in words):
        raise ValueError("has an empty text in it")
    return words


def parameter_names(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return names as `Parameters` takes them; `default` stands for those that are built in."""
    if [word.lower() for word in words] == ["none"]:
        return ()
    found: list[str] = []
    for word in words:
        if word.lower() == DEFAULT_WORD:
            found += DEFAULT_NAMES
        elif NAME.fullmatch(word):
            found.append(word)
        else:
            raise ValueError(f"{word!r} is no name: write NAME, BEGINNING* or NAME:LEAST_LENGTH")
    return tuple(dict.fromkeys(found))


def to_path(value: object) -> object:
    if isinstance(value, str):
        if not value.strip() or "\0" in value:
            raise ValueError("is no path")
        return Path(value).expanduser()
    return value


def headers(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return `Name: value` lines that can be sent."""
    return tuple(_header(line, number) for number, line in enumerate(given, 1))


def _header(line: str, number: int) -> str:
    name, colon, value = line.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not _TOKEN.fullmatch(name):
        raise ValueError(f"number {number} is no header: write 'Name: value'")
    if not _FIELD_VALUE.fullmatch(value):
        raise ValueError(f"{name} has characters that no header may have")
    reason = _OUR_HEADERS.get(name.lower())
    if reason is not None:
        raise ValueError(f"{name} cannot be set: {reason}")
    return f"{name}: {value}"


def networks(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return address ranges in their canonical form."""
    found = []
    for text in given:
        try:
            found.append(str(ipaddress.ip_network(text, strict=False)))
        except ValueError:
            raise ValueError(f"{text!r} is no address range: write 127.0.0.0/8 or ::1") from None
    return tuple(found)


def http_url(value: str) -> str:
    """Return a proxy's URL; it may hold a password, so no message repeats it."""
    if _split(value, ("http",)) is None:
        raise ValueError("is no proxy: write http://HOST:PORT")
    return value


def redis_url(value: str) -> str:
    if _split(value, ("redis", "rediss", "unix")) is None:
        raise ValueError("is no Redis URL: write redis://HOST:PORT/DB")
    return value


def _split(value: str, schemes: tuple[str, ...]) -> str | None:
    """Return the scheme if the URL has one of these, a place and a port that can be."""
    try:
        parts = urlsplit(value)
        has_place = bool(parts.path if parts.scheme == "unix" else parts.hostname)
        fits = parts.scheme in schemes and has_place and parts.port != 0
    except ValueError:
        return None
    return parts.scheme if fits and value.isprintable() and " " not in value else None


def host_and_port(value: str) -> str:
    """Return `HOST:PORT`; a bare port or `:PORT` is on loopback, `[::1]:PORT` is IPv6."""
    host, _, port = value.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise ValueError(f"{value!r} is no address: write HOST:PORT, such as 127.0.0.1:8080")
    host = host or "127.0.0.1"
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1] if host.endswith("]") else host)
        except ValueError:
            raise ValueError(f"{value!r} has no IPv6 address between its brackets") from None
    elif ":" in host or not _TOKEN.fullmatch(host):
        raise ValueError(f"{value!r} is no address: write HOST:PORT, or [IPv6]:PORT")
    return f"{host}:{int(port)}"


def part_command(value: str) -> str:
    """Refuse `{word}` that nothing fills in; `${word}` is a shell's, `{{word}}` is literal."""
    for found in _BRACED.finditer(value):
        if found[1] not in PART_PLACES:
            places = ", ".join(f"{{{name}}}" for name in PART_PLACES)
            raise ValueError(
                f"{found[0]} is filled in by nothing: there are {places}; "
                f"write {{{found[0]}}} for {found[0]} itself"
            )
    return value


def token(value: str) -> str:
    """A secret that is sent in a header; the message does not repeat it."""
    if not re.fullmatch(r"[\x21-\x7e]{8,}", value):
        raise ValueError("must be 8 or more visible ASCII characters, without blanks")
    return value
