"""The open part of one reader: its file of records and, where bodies are kept, that beside it.

Both grow together: a batch is in both, or in neither.
"""

from pathlib import Path

from crawler.errors import StorageError
from crawler.model.result import PartMark
from crawler.ports import Part
from crawler.sink.jsonl import PartFile


class OpenPart:
    """A part that one reader process writes to."""

    def __init__(self, directory: Path, row: Part, head: bytes | None = None) -> None:
        """Create the files.

        Args:
            directory: of the parts.
            row: as the frontier registered it.
            head: what the file of bodies begins with; None: no bodies are kept.

        Raises:
            StorageError: a file exists, or cannot be made.
        """
        self.part_id = row.part_id
        self._lines = PartFile(directory / row.name)
        self._store = None if head is None else PartFile(directory / row.store_name)
        self._committed = (0, 0)
        if self._store is not None and head is not None:
            self._store.append(head)
        self._begin = self._ends

    @property
    def size(self) -> int:
        """Of the records."""
        return self._lines.size

    @property
    def store_size(self) -> int:
        """Of the bodies: where the next one begins."""
        return 0 if self._store is None else self._store.size

    @property
    def _ends(self) -> tuple[int, int]:
        return self.size, self.store_size

    def append(self, lines: bytes, bodies: bytes = b"") -> None:
        """Append a batch; on failure both files are as they were.

        Raises:
            StorageError: disk full, or the file system failed.
        """
        self._begin = self._ends
        if self._store is not None and bodies:
            self._store.append(bodies)
        try:
            if lines:
                self._lines.append(lines)
        except StorageError:
            self.cut_back()
            raise

    def cut_back(self) -> None:
        """Take back the last batch."""
        lines, bodies = self._begin
        self._lines.cut(lines)
        if self._store is not None:
            self._store.cut(bodies)

    def mark(self, records: int, *, sealed: bool = False) -> PartMark:
        """Return what to commit: from the ends the store knows to those of now."""
        (old, old_store), (new, new_store) = self._committed, self._ends
        return PartMark(self.part_id, old, new, records, sealed, old_store, new_store)

    def keep(self) -> None:
        """Note that the store knows the present ends."""
        self._committed = self._ends

    def sync(self) -> None:
        """Make what was appended survive a power cut.

        Raises:
            StorageError: the file system failed.
        """
        if self._store is not None:
            self._store.sync()
        self._lines.sync()

    def close(self) -> None:
        self._lines.close()
        if self._store is not None:
            self._store.close()
