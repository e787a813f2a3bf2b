"""One function process: numbers the batches of one shard, and says what that took.

Started by gapless.bench.numbering with functions/processor on its path, so that what is measured is what is deployed.
A line of JSON in, a line of JSON out; settings are the function's, and name the tables:

{"do": "prepare", settings, design, batch, batches, warm_ups}   put the requests
{"do": "warm_up"}                                               number one beforehand; to be said warm_ups times
{"do": "run"}                                                   {"began", "ended", "cpu"}, in seconds
{"do": "settle"}                                                {"numbers", "value", and what meter.Bill has}
{"do": "crash", settings, design}                               {what crashes.Aftermath has}
"""

import json
import os
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from connection import Settings, connect
from gapless.bench.crashes import Crashes
from gapless.bench.designs import choose
from gapless.bench.meter import Meter
from gapless.bench.readback import read_back
from gapless.bench.shard import Shard, create_counter, cut

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

COUNTER = "bench"
# The first commit of a counter has every request looked up that was received until a minute later: requests may have
# been refused while there was no counter. Traffic is past that within the minute; these say they were received then.
SECONDS_AHEAD = 120


class Run:
    """A design's share of a cell. bystander: makes the calls that are not counted."""

    def __init__(
        self, bystander: "DynamoDBClient", settings: Settings, design: str, batch: int, batches: int, warm_ups: int
    ) -> None:
        client = connect()
        self._bystander = bystander
        self._settings = settings
        create_counter(bystander, settings, COUNTER)  # by each of the workers, and all before the first numbers
        self._shard = Shard(bystander, settings, f"shardId-{os.getpid()}", COUNTER)
        self._warm_ups = self._shard.put(warm_ups)
        self._batches = list(cut(self._shard.put(batch * batches, seconds_ahead=SECONDS_AHEAD), batch))
        self._number = choose(design, client, settings, self._shard.name)
        self._meter = Meter(client)

    def warm_up(self) -> dict[str, Any]:
        """Number a single request, and forget what that took."""
        self._number([self._warm_ups.pop(0)])
        self._meter.calls.clear()
        return {}

    def run(self) -> dict[str, Any]:
        """The part that is timed."""
        cpu, began = time.process_time(), time.monotonic()
        for batch in self._batches:
            self._number(batch)
        return {"began": began, "ended": time.monotonic(), "cpu": time.process_time() - cpu}

    def settle(self) -> dict[str, Any]:
        """Read what has come of it, and add up what it would have cost."""
        found = read_back(self._bystander, self._settings, COUNTER, self._shard.ids)
        bill = self._meter.bill(found.largest)
        return {"numbers": found.numbers, "value": found.value, **asdict(bill)}


def crash(bystander: "DynamoDBClient", settings: Settings, design: str) -> dict[str, Any]:
    """Have a design die at each of its calls."""
    return asdict(Crashes(design, connect(), bystander, settings).try_all())


def main() -> None:
    """Answer lines until there are no more."""
    bystander = connect(attempts=5)
    for line in sys.stdin:
        command = json.loads(line)
        name = command.pop("do")
        if "settings" in command:
            command["settings"] = Settings.from_environment(command["settings"])
        if name == "prepare":
            run, answer = Run(bystander, **command), {}
        elif name == "crash":
            answer = crash(bystander, **command)
        else:
            answer = getattr(run, name)()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
