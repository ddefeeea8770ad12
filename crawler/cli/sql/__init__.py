"""SQL over records and frontier, in a database that can do nothing else."""
