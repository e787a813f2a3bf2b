"""Time, as event source mappings and schedules see it: real, or a test's own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic, time


@dataclass(frozen=True)
class Clock:
    """time: seconds since the epoch; monotonic: seconds from anywhere; sleep: wait some seconds."""

    time: Callable[[], float] = time
    monotonic: Callable[[], float] = monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def wait_for_event(event: asyncio.Event, seconds: float, clock: Clock) -> bool:
    """Wait until `event` is set, but no longer than `seconds` of `clock`; whether it was set."""
    waiting = asyncio.ensure_future(event.wait())
    timer = asyncio.ensure_future(clock.sleep(max(seconds, 0.0)))
    try:
        await asyncio.wait({waiting, timer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        timer.cancel()
    return event.is_set()
