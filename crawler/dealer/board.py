"""Shared memory that outlives a killed reader: the stop flag, beats, measures, what was begun.

No locks: a process that is killed while it holds one would stop all the others. Every cell has one
writer, and a cell is one aligned 8-byte store.
"""

import mmap

from crawler.model.measures import SIZE as MEASURES

_CELL_BYTES = 8
_BEAT = 0
_FIRST_MEASURE = 1
_FIRST_SLOT = _FIRST_MEASURE + MEASURES


class StopFlag:
    """One byte that says *stop*; shaped like the event that QuasiQueue polls."""

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def is_set(self) -> bool:
        return self._byte[0] != 0

    def set(self) -> None:
        self._byte[0] = 1


class Region:
    """One reader's cells: its heartbeat, its measures and the leases that it has begun."""

    def __init__(self, cells: memoryview) -> None:
        self._cells = cells
        self.measures = cells[_FIRST_MEASURE:_FIRST_SLOT]
        """For the reader to count in, for the parent to read."""
        self._slot_of: dict[int, int] = {}
        self._free = list(range(len(cells) - 1, _FIRST_SLOT - 1, -1))

    def beat(self, now_ms: int) -> None:
        self._cells[_BEAT] = now_ms

    def last_beat(self) -> int:
        return int(self._cells[_BEAT])

    def begin(self, lease_id: int) -> None:
        """Mark a lease; without a free slot it stays unmarked and is never blamed for a crash."""
        if lease_id not in self._slot_of and self._free:
            slot = self._slot_of[lease_id] = self._free.pop()
            self._cells[slot] = lease_id

    def end(self, lease_id: int) -> None:
        slot = self._slot_of.pop(lease_id, None)
        if slot is not None:
            self._cells[slot] = 0
            self._free.append(slot)

    def begun(self) -> frozenset[int]:
        """Return the leases whose work had begun, as the last instruction of the reader left it."""
        return frozenset(self._cells[_FIRST_SLOT:]) - {0}

    def clear(self) -> None:
        for cell in range(len(self._cells)):
            self._cells[cell] = 0


class Board:
    """The regions of all readers; made before the first fork, inherited by every reader."""

    def __init__(self, *, readers: int, slots: int) -> None:
        self._cells_each = _FIRST_SLOT + slots
        memory = mmap.mmap(-1, readers * self._cells_each * _CELL_BYTES)
        self._cells = memoryview(memory).cast("q")
        self._unused = list(range(readers))

    def take(self) -> int | None:
        """Reserve the first region that is free; None while all are in use."""
        found = min(self._unused, default=None)
        if found is not None:
            self._unused.remove(found)
        return found

    def give_back(self, index: int) -> None:
        self._unused.append(index)

    def region(self, index: int) -> Region:
        start = index * self._cells_each
        return Region(self._cells[start : start + self._cells_each])
