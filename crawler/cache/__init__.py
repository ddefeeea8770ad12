"""aiocache: robots rules for readers, and whole responses while selectors are being written.

Values are bytes of our own making; nothing is pickled. Whatever a cache does, what it holds is only
a copy: where it fails, the store or the server is asked.
"""
