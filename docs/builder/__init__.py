"""What makes the documentation: its reference from the code, its site, its commands under test."""
