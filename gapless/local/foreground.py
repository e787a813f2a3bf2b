"""A local stack in this process, for as long as somebody wants it: what `gapless up` does."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

from gapless.local.settings import StackSettings
from gapless.local.stack import Stack, run_stack


async def run_until_signal(settings: StackSettings, log: Callable[[str], None], ready: Callable[[Stack], None]) -> None:
    """Run the stack until SIGINT or SIGTERM, which do the same; `ready` is called once it answers."""
    running = asyncio.create_task(run_until_cancelled(settings, log, ready))
    asked = False

    def stop() -> None:
        nonlocal asked
        if not asked:  # a second signal must not interrupt the tidying up
            asked = True
            log("stopping, as soon as what is in flight is done ...")
            running.cancel()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop)
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def run_until_cancelled(
    settings: StackSettings, log: Callable[[str], None], ready: Callable[[Stack], None]
) -> None:
    """Run the stack, call `ready`, and wait."""
    async with run_stack(settings, log) as stack:
        ready(stack)
        await asyncio.Event().wait()
