"""What the parent does for parts that are sealed: packs them, then hands them to a command.

Both are processes of their own, one of each at a time; all that is done here is to look whether
they have ended. The store remembers how far each part is, so a run goes on where another ended.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from crawler.logs import get_logger
from crawler.model.plan import Plan
from crawler.pipeline.upkeep.part_packer import Packed, PartPacker
from crawler.pipeline.upkeep.part_shipper import PartShipper, Shipped, split_command, wait_ms
from crawler.ports import Now, SealedParts
from crawler.sink.packed import ENDING

LOOK_MS = 1_000
PACK_AGAIN_MS = 60_000
"""Until a part that could not be packed is tried again: there may be room by then."""
_FINISH_S = 0.02
_ALL_DUE = 1 << 62


class Aftercare:
    """One instance per run of the parent."""

    def __init__(self, plan: Plan, parts: SealedParts, now: Now) -> None:
        """Take care of the parts of a crawl as its plan says.

        Raises:
            ConfigError: the command cannot be run.
        """
        self._job: Path = plan.job
        self._output: Path = plan.output
        self._packs = plan.compress_parts == "zstd"
        command = plan.on_part_sealed
        self._command = None if command is None else split_command(command)
        self._parts = parts
        self._now = now
        self._log = get_logger("crawler.parts")
        self._packer: PartPacker | None = None
        self._shipper: PartShipper | None = None
        self._pack_at = self._ship_at = 0
        self._pack_after = self._ship_after = 0
        self._stopping = self._finishing = False
        self._doing = ""

    async def beat(self) -> None:
        """Note what has ended, start what is next; several times a second."""
        if self._packs:
            await self._pack()
        if self._command is not None:
            await self._ship(self._command)

    def wind_down(self) -> None:
        """The run ends: begin nothing new."""
        self._stopping = True

    async def finish(
        self,
        show: Callable[[str], Awaitable[None]] | None = None,
        asked_to_stop: Callable[[], int | None] = lambda: None,
    ) -> None:
        """Pack and ship what is left, each part once whatever its due time; failures stay.

        Args:
            show: told again and again what is being done.
            asked_to_stop: the signal that came, if one did; it ends this.
        """
        self._stopping, self._finishing = False, True
        self._pack_at = self._ship_at = self._pack_after = self._ship_after = 0
        while True:
            await self.beat()
            if asked_to_stop() or (self._packer is None and self._shipper is None):
                return
            if show is not None:
                await show(self._doing)
            await asyncio.sleep(_FINISH_S)

    async def say_what_is_left(self) -> None:
        """Warn of parts that the command has not taken; they are tried again in the next run."""
        left = (await self._parts.shipping()).waiting if self._command is not None else 0
        if left:
            self._log.warning("parts_left", unshipped=left)

    def abandon(self) -> None:
        """End what is under way; its parts stay as they are, and count no failure."""
        for process in (self._packer, self._shipper):
            if process is not None:
                process.abandon()
        self._packer = self._shipper = None

    # -- packing ---------------------------------------------------------------------------------

    async def _pack(self) -> None:
        if self._packer is not None:
            ended = self._packer.poll()
            if ended is None:
                return
            await self._packed(self._packer, ended)
            self._packer = None
        now = self._now()
        if self._stopping or now < self._pack_at:
            return
        parts = await self._parts.unpacked(after=self._pack_after)
        if not parts:
            self._pack_at = now + LOOK_MS
            self._pack_after = self._pack_after if self._finishing else 0
            return
        self._doing = f"packing {parts[0].name}"
        try:
            self._packer = PartPacker(self._output, parts[0])
        except OSError as error:
            await self._not_packed(Packed(parts[0], 0, None, str(error)))

    async def _packed(self, packer: PartPacker, ended: Packed) -> None:
        if ended.made is None:
            await self._not_packed(ended)
            return
        is_kept = await self._parts.set_packed(ended.part.part_id, ENDING)
        # Pruned meanwhile: then neither form is to be there.
        packer.remove_other(keep_packed=is_kept)
        self._log.info(
            "part_packed",
            part=ended.part.name,
            bytes=ended.part.bytes,
            packed_bytes=ended.made.packed_bytes,
            elapsed_ms=ended.elapsed_ms,
        )

    async def _not_packed(self, ended: Packed) -> None:
        self._pack_after = ended.part.part_id
        if not (self._output / ended.part.name).exists():
            return  # pruned meanwhile, or it is told at the next start
        if not self._finishing:
            self._pack_at = self._now() + PACK_AGAIN_MS
        self._log.warning("part_pack_failed", part=ended.part.name, error=ended.error)

    # -- shipping --------------------------------------------------------------------------------

    async def _ship(self, words: list[str]) -> None:
        if self._shipper is not None:
            ended = self._shipper.poll()
            if ended is None:
                return
            await self._shipped(self._shipper, ended)
            self._shipper = None
        now = self._now()
        if self._stopping or now < self._ship_at:
            return
        due, after = (_ALL_DUE, self._ship_after) if self._finishing else (now, 0)
        parts = await self._parts.to_ship(now=due, packed=self._packs, after=after)
        if not parts:
            self._ship_at = now if self._finishing else now + LOOK_MS
            return
        self._ship_after = parts[0].part_id
        self._doing = f"shipping {parts[0].file_name}"
        self._shipper = PartShipper(words, self._job, self._output, parts[0])

    async def _shipped(self, shipper: PartShipper, ended: Shipped) -> None:
        part = ended.part
        if ended.error is None:
            await self._parts.set_shipped(part.part_id, gone=shipper.has_taken_it_away)
            self._log.info(
                "part_shipped", part=part.file_name, elapsed_ms=ended.elapsed_ms, said=ended.output
            )
            return
        wait = wait_ms(part.ship_tries + 1)
        tries = await self._parts.set_ship_failed(
            part.part_id, error=ended.error, due=self._now() + wait
        )
        self._log.warning(
            "part_ship_failed",
            part=part.file_name,
            error=ended.error,
            said=ended.output,
            tries=tries,
            again_in_ms=wait,
        )
