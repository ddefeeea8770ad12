"""What is done for parts and jobs that are kept for months."""
