"""The commands: each is a function of that name in the module of that name, and thin."""
