"""Where records go: part files of JSON lines.

A part belongs to one reader process. Its bytes up to the offset in the frontier are the output;
bytes beyond it were never committed and may vanish.
"""
