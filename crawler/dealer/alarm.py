"""A wait with a time limit that costs no task: the parent's loop sleeps on it."""

import asyncio


class Alarm:
    """Rung from callbacks of the same loop; one waiter. A ring while nobody waits is kept."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._rung = False

    def ring(self) -> None:
        self._rung = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, timeout_s: float) -> None:
        """Return at the next ring, or after `timeout_s`."""
        if not self._rung and timeout_s > 0:
            waiter = self._waiter = self._loop.create_future()
            timer = self._loop.call_later(timeout_s, self.ring)
            try:
                await waiter
            finally:
                timer.cancel()
                self._waiter = None
        else:
            await asyncio.sleep(0)
        self._rung = False
