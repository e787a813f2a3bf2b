"""One function process: numbers the batches of one shard, and says what that took.

Started by gapless.bench.numbering with functions/processor on its path, so that what is measured is what is deployed.
A line of JSON in, a line of JSON out:

{"do": "begin", settings}                                      the function's, with the tables to use from now on
{"do": "create", counter}                                      a counter without numbers
{"do": "prepare", design, counter, batch, batches, warm_ups}   put the requests
{"do": "warm_up"}                                              number one beforehand; to be said warm_ups times
{"do": "run"}                                                  {"began", "ended", "cpu"}, in seconds
{"do": "settle"}                                               {"numbers", "value", and what meter.Bill has}
{"do": "crash", design}                                        {"runs", "bad"}
"""

import json
import os
import sys
import time
from dataclasses import asdict
from typing import Any

from connection import Settings, connect
from gapless.bench.crashes import Crashes, create_counter
from gapless.bench.designs import choose
from gapless.bench.meter import Meter
from gapless.bench.readback import read_back
from gapless.bench.shard import Shard, cut

# The first commit of a counter has every request looked up that was received until a minute later: requests may have
# been refused while there was no counter. Traffic is past that within the minute; these say they were received then.
SECONDS_AHEAD = 120


class Worker:
    """What a process keeps from one line to the next."""

    def __init__(self) -> None:
        self._bystander = connect(attempts=5)

    def begin(self, settings: dict[str, str]) -> dict[str, Any]:
        """Turn to other tables."""
        self._settings = Settings.from_environment(settings)
        return {}

    def create(self, counter: str) -> dict[str, Any]:
        """A new counter."""
        create_counter(self._bystander, self._settings, counter)
        return {}

    def prepare(self, design: str, counter: str, batch: int, batches: int, warm_ups: int) -> dict[str, Any]:
        """Start the design anew, and put the requests."""
        client = connect()
        self._counter = counter
        self._shard = Shard(self._bystander, self._settings, f"shardId-{os.getpid()}", counter)
        self._number = choose(design, client, self._settings, self._shard.name)
        self._meter = Meter(client)
        self._warm_ups = self._shard.put(warm_ups)
        self._batches = list(cut(self._shard.put(batch * batches, seconds_ahead=SECONDS_AHEAD), batch))
        return {}

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
        found = read_back(self._bystander, self._settings, self._counter, self._shard.ids)
        bill = self._meter.bill(found.largest)
        return {"numbers": found.numbers, "value": found.value, **asdict(bill)}

    def crash(self, design: str) -> dict[str, Any]:
        """Have the design die at each of its calls."""
        runs, bad = Crashes(design, connect(), self._bystander, self._settings).try_all()
        return {"runs": runs, "bad": bad}


def main() -> None:
    """Answer lines until there are no more."""
    worker = Worker()
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(worker, command.pop("do"))(**command)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
