"""The audit as `crawler report` shows it: page, JSON, CSV, terminal."""
