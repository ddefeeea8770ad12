"""structlog: one pipeline for our events and for those of the libraries."""
