"""From where on checks find something slow, large, long, thin or far away."""

SLOW_MS = 2_000
LARGE_BYTES = 1_000_000
THIN_CHARS = 200
TITLE_CHARS = 60
DESCRIPTION_CHARS = 155
DEEP_CLICKS = 5
THRESHOLDS = {
    "slow_ms": SLOW_MS,
    "large_bytes": LARGE_BYTES,
    "thin_chars": THIN_CHARS,
    "title_chars": TITLE_CHARS,
    "description_chars": DESCRIPTION_CHARS,
    "deep_clicks": DEEP_CLICKS,
}
"""As the statements know them."""
