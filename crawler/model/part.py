"""Part files as the store knows them."""

from typing import NamedTuple


class Part(NamedTuple):
    """One part file as the store knows it; bytes past `bytes` may vanish."""

    part_id: int
    name: str
    """File name inside the output directory."""
    bytes: int
    records: int
    sealed: bool
    store_bytes: int = 0
    """Of the file of bodies beside it, whose bytes past this may vanish as well."""
    sealed_at: int | None = None
    """Not before its last record; None while it is open, and where an older version sealed it."""
    packed: str | None = None
    """What its file's name ends with since it was packed; `bytes` are of the lines all the same."""
    shipped: bool | None = None
    """Whether the command took it; None: there was none when it was sealed."""
    pruned: bool = False
    """Its files are gone, for good."""
    ship_tries: int = 0
    """How often the command failed with it."""

    @property
    def file_name(self) -> str:
        """What its file is called now; `crawler.sink.reading.open_part` finds it by `name`."""
        return self.name + (self.packed or "")

    @property
    def store_name(self) -> str:
        """File name of the bodies, in the same directory."""
        return store_name(self.part_id)


def store_name(part_id: int) -> str:
    """Return the name of the file of bodies of a part."""
    return f"part-{part_id:06d}.warc.gz"


class Shipping(NamedTuple):
    """How it stands with parts that a command is to take."""

    waiting: int
    """Parts that it has not taken."""
    failed: int
    """Those of them that it was tried with."""
    next_due: int | None
    """ms; when the next of them is tried (again)."""
    most_tries: int
    """Of one part."""
    error: str | None
    """How the last of those tries failed."""


class Pruned(NamedTuple):
    """Ids of parts."""

    gone: frozenset[int]
    """Their files may be removed now."""
    needed: frozenset[int]
    """Kept: records of other parts point to bodies in these."""


class Reopened(NamedTuple):
    """What it means that a part lost bytes."""

    urls: int
    """Ready again."""
    parts: list[Part]
    """As they were; all count as empty now."""
