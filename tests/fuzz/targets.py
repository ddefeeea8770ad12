"""The targets: each takes any bytes and raises where a promise is broken."""

from collections.abc import Callable

from tests.fuzz import (
    coding_target,
    headers_target,
    html_target,
    response_target,
    robots_target,
    sitemap_target,
)

TARGETS: dict[str, Callable[[bytes], None]] = {
    "coding": coding_target.check,
    "headers": headers_target.check,
    "html": html_target.check,
    "response": response_target.check,
    "robots": robots_target.check,
    "sitemap": sitemap_target.check,
}
