"""aiocache: robots rules for the readers of one node."""
