"""What a batch adds to a part, before it is written and committed."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from crawler.model.result import KeptBody


class Appended(NamedTuple):
    """Bytes for both files of the part, and what the store must know of them."""

    lines: bytes
    records: int
    store: bytes = b""
    """Of the file of bodies."""
    bodies: Sequence[KeptBody] = ()
    """Those that are stored for the first time."""
    refers_to: Collection[int] = ()
    """Other parts that the records point into."""
