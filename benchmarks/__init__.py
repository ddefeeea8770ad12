"""Benchmarks: real documentation sites on loopback, our crawler and its peers side by side."""
