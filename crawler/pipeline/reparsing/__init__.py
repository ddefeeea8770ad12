"""Records made anew from kept bodies."""
