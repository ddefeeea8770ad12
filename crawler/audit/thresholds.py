"""From where on checks find something slow, large, thin or far away."""

SLOW_MS = 2_000
LARGE_BYTES = 1_000_000
THIN_CHARS = 200
DEEP_CLICKS = 5
THRESHOLDS = {
    "slow_ms": SLOW_MS,
    "large_bytes": LARGE_BYTES,
    "thin_chars": THIN_CHARS,
    "deep_clicks": DEEP_CLICKS,
}
"""As the statements know them."""
