"""A run by other rules than the last one."""
