"""Fuzzing of everything that reads what servers send; docs/fuzzing.md says how it is run."""
