"""Frozen values that travel through the crawler; no I/O, no clock, no third parties."""
