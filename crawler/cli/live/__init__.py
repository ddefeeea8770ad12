"""A running crawl, or one that has just ended, on a terminal."""
