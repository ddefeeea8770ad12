"""One run of `crawler reparse`: which parts, in which pieces, written as whole files or not at all.

Only what was committed is read, so a crawl may go on meanwhile. The processes are handed in, since
they lie above this layer.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from crawler.errors import ConfigError, CrawlerError, StorageError
from crawler.model.plan import Plan
from crawler.pipeline.changed_rules.identity import LAST_RUN
from crawler.pipeline.committed import Committed
from crawler.pipeline.reparsing.receipt import PartEntry, Receipt, making_of
from crawler.pipeline.reparsing.reparsing import Piece, Reread
from crawler.ports import Part
from crawler.sink.reading import open_part, part_size

_PIECE_BYTES = 2_000_000
_LEAST_PIECE_BYTES = 100_000
_PIECES_EACH = 4
"""So that processes are busy to the end where there is little to do."""
_FILE_MODE = 0o600
_WARNINGS = 20
"""Of damaged bodies that are told one by one."""

Run = Callable[[Iterable[Piece]], Iterable[Reread]]
"""Has pieces read again; answers in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """How far it is."""

    records: int
    done_bytes: int
    total_bytes: int


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run did, and what was done before it."""

    parts: int = 0
    parts_before: int = 0
    """Parts that were complete already."""
    records: int = 0
    read: int = 0
    damaged: int = 0
    warnings: list[str] = field(default_factory=list)
    """One line for each of the first damaged bodies of this run."""


def plan_of_job(plan: Plan, found: Committed) -> Plan:
    """Return the plan with what the job's URLs and verdicts go by, however it is started now.

    What pages need beside themselves is not looked for: nothing is fetched.
    """
    last = json.loads(found.meta.get(LAST_RUN, "{}"))
    return plan._replace(
        output=found.output,
        strip_params=tuple(last.get("strip_params", plan.strip_params)),
        product_token=last.get("product_token", plan.product_token),
        requisites=False,
    )


class Reparse:
    """The parts that are to be read again, and the directory that the new ones go to."""

    def __init__(self, plan: Plan, found: Committed, output: Path) -> None:
        """See what is to be done; `plan` is that of the job, `output` exists and is locked.

        Raises:
            ConfigError: an earlier run made `output` otherwise.
            StorageError: a part is missing or cut.
        """
        self._source = found.output
        self._output = output
        parts = [part for part in found.parts if part.bytes and not part.pruned]
        self._receipt = Receipt(output, making_of(plan))
        self._receipt.read()
        # What was made of a part stays, also once the part was pruned.
        self._receipt.drop_others([part.name for part in found.parts if part.bytes])
        self._todo: list[Part] = []
        self.outcome = Outcome()
        for part in parts:
            # All of them: a record may point to a body in another part.
            _check(found.output / part.name, part.bytes)
            _check(found.output / part.store_name, part.store_bytes)
        for part in parts:
            entry = self._receipt.done(part.name, part.bytes)
            if entry is None:
                self._todo.append(part)
            else:
                self.outcome.parts_before += 1
                self._count(entry)
        self.total_bytes = sum(part.bytes for part in self._todo)

    @staticmethod
    def refuse(found: Committed, output: Path) -> None:
        """Say so if it cannot work at all, before anything is made.

        Raises:
            ConfigError: the job kept no bodies, or `output` is that of the crawl.
        """
        if output.resolve() == found.output.resolve():
            raise ConfigError(f"{output} holds the records of the crawl: name another --output")
        if not any(part.store_bytes for part in found.parts):
            raise ConfigError(
                f"no bodies are kept in {found.output}: crawl with --store warc, then there is "
                "something to read again"
            )

    def _count(self, entry: PartEntry) -> None:
        self.outcome.parts += 1
        self.outcome.records += entry["records"]
        self.outcome.read += entry["read"]
        self.outcome.damaged += entry["damaged"]

    def run(self, run: Run, processes: int, on_advance: Callable[[Advance], None]) -> Outcome:
        """Make the parts; each is complete, or not there.

        Raises:
            StorageError: a part cannot be read or written.
            CrawlerError: as `run` raises it.
        """
        if not self._todo:
            return self.outcome
        self._receipt.add()
        room = self.total_bytes // (processes * _PIECES_EACH)
        size = max(_LEAST_PIECE_BYTES, min(_PIECE_BYTES, room))
        answers = iter(run(piece for part in self._todo for piece in self._pieces(part, size)))
        done = records = 0
        for part in self._todo:
            with _NewPart(self._output / part.name) as new:
                for answer in _of_part(answers, part):
                    new.add(answer)
                    self._warn(answer)
                    done += answer.piece.end - answer.piece.start
                    records += answer.records
                    on_advance(
                        Advance(records=records, done_bytes=done, total_bytes=self.total_bytes)
                    )
                entry = new.complete(part.bytes)
            self._receipt.add([entry])
            self._count(entry)
        return self.outcome

    def _pieces(self, part: Part, size: int) -> Iterator[Piece]:
        with open_part(self._source / part.name) as file:
            start = 0
            while start < part.bytes:
                # A piece ends with the line that its size reaches into.
                file.seek(min(start + size, part.bytes) - 1)
                file.readline()
                end = min(file.tell(), part.bytes)
                yield Piece(part=part.name, start=start, end=end)
                start = end

    def _warn(self, answer: Reread) -> None:
        room = _WARNINGS - len(self.outcome.warnings)
        self.outcome.warnings += answer.damaged[:room]


def _check(path: Path, size: int) -> None:
    if not size:
        return
    try:
        there = part_size(path)
    except OSError as error:
        raise StorageError(f"part missing: {path} ({error.strerror}); put it back") from error
    if there < size:
        raise StorageError(f"{path} is cut: it lacks {size - there} of {size} committed bytes")


def _of_part(answers: Iterator[Reread], part: Part) -> Iterator[Reread]:
    at = 0
    for answer in answers:
        if (answer.piece.part, answer.piece.start) != (part.name, at):
            break
        yield answer
        at = answer.piece.end
        if at == part.bytes:
            return
    raise CrawlerError(f"{part.name}: what was read again from byte {at} on is missing")


class _NewPart:
    """A part under a temporary name until it is complete."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.new")
        self._digest = hashlib.sha256()
        self._bytes = self._records = self._read = self._damaged = 0

    def __enter__(self) -> Self:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._file = os.fdopen(os.open(self._temporary, flags, _FILE_MODE), "wb")
        except OSError as error:
            raise self._refusal(error) from error
        except BaseException:  # a signal that came right after the file did
            self._remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._remove()

    def _remove(self) -> None:
        with suppress(FileNotFoundError):
            self._temporary.unlink()

    def add(self, answer: Reread) -> None:
        try:
            self._file.write(answer.lines)
        except OSError as error:
            raise self._refusal(error) from error
        self._digest.update(answer.lines)
        self._bytes += len(answer.lines)
        self._records += answer.records
        self._read += answer.read
        self._damaged += len(answer.damaged)

    def complete(self, source_bytes: int) -> PartEntry:
        """Give the file its name; return what the receipt says of it."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._temporary.replace(self._path)
        except OSError as error:
            raise self._refusal(error) from error
        return {
            "name": self._path.name,
            "source_bytes": source_bytes,
            "records": self._records,
            "read": self._read,
            "damaged": self._damaged,
            "bytes": self._bytes,
            "sha256": self._digest.hexdigest(),
        }

    def _refusal(self, error: OSError) -> StorageError:
        return StorageError(f"{self._path} cannot be written: {error.strerror}")
