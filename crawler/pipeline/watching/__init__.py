"""What a running crawl shows of itself, and whether it makes progress."""
