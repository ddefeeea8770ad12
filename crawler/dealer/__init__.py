"""dealer."""
