"""The admin server of a running crawl: health, metrics, dashboard. Read-only, in the parent."""
