"""A simulated outage of Lambda, which on AWS would take a day to see.

    up --outage 25h    the API's clock says now - 25 h; nothing invokes a function; the stream grows
    outage end         what the stream has is 25 h older than the engine says: DynamoDB keeps 24 h of it, so that all is
                       lost that was older; then functions are invoked again, and the API's clock says now

The functions' own clocks, which nothing invokes meanwhile, always say now.
Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

import asyncio

from gapless.local.clock import Clock
from gapless.local.consumers import Consumers
from gapless.local.stream import Trimming


class NoOutage(Exception):
    """There is none to end."""


class Outage:
    """seconds: how long it has lasted when it ends; 0 when there is none, or no more."""

    def __init__(self, seconds: int, consumers: Consumers, clock: Clock) -> None:
        self.seconds = seconds
        self._consumers = consumers
        self._clock = clock
        self._ending = asyncio.Lock()

    def time(self) -> float:
        """What the API's clock says, epoch seconds."""
        return self._clock.time() - self.seconds

    async def end(self) -> dict[str, int]:
        """Have the functions invoked again.

        Returns how many records for them the stream has lost, and how many are left. The API's clock is put right last:
        what it takes until then is part of the outage. Raises NoOutage, EngineError or EngineUnavailable.
        """
        async with self._ending:
            if not self.seconds:
                raise NoOutage("there is no outage: one begins with `gapless up --outage 25h`")
            trimming = Trimming(self.seconds, self._clock.time())
            await self._consumers.start(trimming)
            self.seconds = 0
            return {"lost": trimming.lost, "left": trimming.left}
