"""One URL through every rule, with nothing stored."""
