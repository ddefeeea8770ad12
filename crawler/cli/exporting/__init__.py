"""What `crawler export` writes, and how."""
