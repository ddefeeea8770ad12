"""Functions of the user's own: found, called, and stopped when their time is up."""
