"""What `crawler diff` finds between two visits."""
