"""A bundled, deterministic web for `make run`: every kind of page that a crawler meets."""
