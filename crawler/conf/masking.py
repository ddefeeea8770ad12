"""Which settings hold secrets, and how they are shown."""

from crawler.model.secret import HIDDEN, mask_header, mask_typed, mask_userinfo

SECRETS = frozenset(
    {"header", "proxy", "cache_redis_url", "frontier", "seeds", "site", "http_token"}
)


def masked(name: str, value: object) -> object:
    """Return a field's value without its secrets."""
    if name not in SECRETS or not value:
        return value
    if name == "site" and isinstance(value, tuple):
        return tuple(table.public() for table in value)
    if name == "header" and isinstance(value, tuple):
        return tuple(mask_header(line) for line in value)
    if name == "seeds" and isinstance(value, tuple):
        return tuple(mask_typed(word) for word in value)
    return mask_userinfo(value) if isinstance(value, str) else HIDDEN
