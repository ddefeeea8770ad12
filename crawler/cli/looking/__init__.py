"""What `crawler inspect` says of records."""
