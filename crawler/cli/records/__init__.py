"""Records of any origin: which files have them, and which of them are looked at."""
