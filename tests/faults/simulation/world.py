"""One world: tables, a stream, processes that come and go, all under one clock and one seeded scheduler.

Everything goes on call by call: between two calls of one run, any other may make its own.
"""

import json
import math
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from batch import Rules
from entry import lane_of
from memory import Memory
from numbering import number_records
from operations import Judge, Operation, Pause, Resend, SaveProgress
from progress import Progress as WorkProgress
from request import Request
from stamping import Report
from sweeping import Sweep, resend, sweep_counter
from tests.faults.simulation.calls import CRASHES, Fate, draw_fate
from tests.faults.simulation.mapping import Delivery, Poller, draw_batch, requests_of
from tests.faults.simulation.mapping import Mapping as SourceMapping
from tests.faults.simulation.modes import Mode
from tests.faults.simulation.run import TO_BE_EXPECTED, Progress, Run, befall
from tests.faults.simulation.scenario import DEFAULT_COUNTER, KINDS, History, Kind, Work
from tests.faults.simulation.stored import Store, in_order
from tests.faults.simulation.stream import Shard, Stream
from tests.faults.simulation.tables import SimulatedTables
from tests.faults.simulation.witness import Witness

BEGINNING = 1_900_000_000_000  # epoch ms, after any clock's today, so that no engine takes an item for expired
SKEW = 25_000  # ms that any clock may be off, either way: two of them stay within the minute that refusals allow for
MOST_RESENDS = 3
CHANCES = (0.03, 0.1, 0.3)
ZOMBIES = 0.012  # of the calls of a delivery: it is given up, and goes on
PATIENCES = (0, 60, 3600)  # seconds; the sweepers' choice matters to nobody's safety


Busy = Poller | Delivery | Run  # what has a call to make


class World:
    """kinds: what requests there are, by weight; make_store: given the clock, epoch ms.

    chances: that something befalls a call; one is drawn.
    """

    def __init__(
        self,
        seed: int,
        mode: Mode = Mode(),  # noqa: B008 (frozen)
        make_store: Callable[[Callable[[], int]], Store] = SimulatedTables,
        kinds: Mapping[Kind, int] = KINDS,
        chances: Sequence[float] = CHANCES,
    ) -> None:
        self.random = random.Random(seed)
        self.mode, self.kinds = mode, kinds
        self.chance = self.random.choice(chances)
        self.clock = BEGINNING
        self.history = History()
        self.witness = Witness(self.history)
        self.work = Work(self.random, self.history.kinds)
        self.store = make_store(lambda: self.clock)
        self.stream = Stream(self.random, self.random.randint(1, 3))
        self.mapping = SourceMapping(self.stream)
        self.strays: list[Delivery] = []
        self.sweeps: list[Run] = []
        self.adrift: list[Operation] = []
        self._memories: list[Memory] = []
        self._states: dict[Shard, list[dict[str, Any]]] = defaultdict(lambda: [{}])
        self._resends: dict[str, int] = defaultdict(int)

    # ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def look_at_a_clock(self) -> int:
        """The time, epoch ms, by some clock: each is off, and is set right now and then, so that it may go back."""
        return self.clock + self.random.randint(-SKEW, SKEW)

    def count(self, event: str) -> None:
        """Note that something has happened."""
        self.history.events[event] += 1

    # ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def perform(self, operation: Operation) -> Any:
        """Carry out a call, and see to what follows from it: a touch is announced by the stream."""
        self.count("operations")
        if isinstance(operation, Pause):
            self.clock += self.random.randint(0, 1000)
            return None
        if isinstance(operation, Judge):
            return self.work.judge(operation.request, WorkProgress(operation.request, self._perform_for_work, math.inf))
        answer = self.store.perform(operation)
        self.witness.see(operation, answer)
        if isinstance(operation, Resend | SaveProgress) and answer:
            self._resends[operation.request_id] += isinstance(operation, Resend)
            if not self.store.is_marked(operation.request_id):
                self._announce_again(operation.request_id)
        return in_order(answer)

    def _perform_for_work(self, operation: Operation) -> Any:
        return befall(operation, draw_fate(self.random, self.chance), self.perform, self.undergo)

    def _announce_again(self, request_id: str) -> None:
        request = self.history.submitted[request_id]
        self.announce(replace(request, resent=True, resends=self._resends[request_id]))

    def put(self, request: Request) -> None:
        """Have a client put a request that is new."""
        self.history.submitted[request.request_id] = request
        self.witness.decided.discard(request.request_id)
        self._resends.pop(request.request_id, None)
        self.store.put_request(request)
        self.announce(request)

    def announce(self, request: Request) -> None:
        """Have the stream show a request."""
        shard = self.stream.announce(request, self.clock)
        if not request.resent:
            self.history.announced.setdefault(shard.shard_id, []).append(request.request_id)

    def undergo(self, fate: Fate, call: Operation) -> None:
        """Note what befalls a call."""
        self.count(fate.name.lower())
        if fate in CRASHES:
            self.count("crashes")
        if fate is Fate.ADRIFT and not isinstance(call, Judge | Pause):
            self.adrift.append(call)

    def advance(self, one: Busy) -> None:
        """Have one that is busy make its next call."""
        match one:
            case Poller():
                self._advance_poller(one)
            case Delivery():
                self._advance_stray(one)
            case Run():
                self._advance_sweep(one)

    # ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────

    def deliver(self, shard: Shard, places: range, state: dict[str, Any]) -> Delivery:
        """Hand records to a process, with what the window has handed on."""
        self.count("deliveries")
        shard.ends.append(places.stop)
        before = (record.request.request_id for record in shard.records[: places.start])
        self.history.overtaken.update(one for one in before if one not in self.witness.decided)
        shard_id = shard.shard_id if self._has_lanes() else None
        lane = lane_of(shard_id)
        memory = self._choose_memory()
        memory.add_state(json.loads(json.dumps(state)), lane)
        rules = Rules(DEFAULT_COUNTER, MOST_RESENDS, self.look_at_a_clock, lambda: self.random.randbytes(16))
        steps = number_records(requests_of(shard, places), shard_id, memory, rules)
        return Delivery(shard, places.start, places.stop, self._run(steps), memory, lane)

    def _has_lanes(self) -> bool:
        return self.mode.lanes == "lanes" or (self.mode.lanes == "mixed" and self.random.random() < 0.6)

    def _choose_memory(self) -> Memory:
        """A process that is free, or a new one."""
        place = self.random.randrange(len(self._memories) + 1)
        return self._memories.pop(place) if place < len(self._memories) else Memory()

    def _run(self, steps: Any) -> Run:
        return Run(steps, self.random, self.perform, self.undergo)

    def _advance_poller(self, poller: Poller) -> None:
        """Make the next call of a shard's delivery, or have one begin."""
        if not poller.delivery:
            if poller.is_at_its_end or (self.chance and poller.attempts and self.random.random() < 0.2):
                self.count("discards")
                poller.discard()
                return
            poller.delivery = self.deliver(poller.shard, draw_batch(self.random, poller), self._hand_over(poller))
        if self.chance and self.random.random() < ZOMBIES:
            self.count("zombies")
            self.strays.append(poller.delivery)
            poller.fail()
            return
        delivery = poller.delivery
        match self._advance(delivery):
            case Progress.DONE:
                state = delivery.memory.to_state(delivery.lane)
                self._states[poller.shard].append(state)
                poller.succeed(delivery.run.result, state)
            case Progress.DEAD:
                poller.fail()

    def _hand_over(self, poller: Poller) -> dict[str, Any]:
        """The window's state as a rule; none, at a window's end; an old one, of a delivery that took long."""
        return self.random.choices((poller.state, {}, self.choose_state(poller.shard)), (7, 2, 1))[0]

    def choose_state(self, shard: Shard) -> dict[str, Any]:
        """A state that an invocation for the shard has returned, or none."""
        return self.random.choice(self._states[shard])

    def _advance_stray(self, delivery: Delivery) -> None:
        """Make the next call of a delivery that no poller waits for."""
        if self._advance(delivery) is not Progress.RUNS:
            self.strays.remove(delivery)

    def _advance(self, delivery: Delivery) -> Progress:
        progress = delivery.run.step(self.chance)
        if progress is Progress.DONE:
            expect_no_other(delivery.run.result)
        # An invocation that raises leaves its process behind, and what that knows; one that is killed does not.
        if progress is Progress.DONE or (progress is Progress.DEAD and self.random.random() < 0.5):
            self._memories.append(delivery.memory)
        return progress

    # ── sweepers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def start_sweep(self, counter: str, *patiences: int) -> None:
        """Have another sweeper look at a counter. patiences: seconds until it settles and prunes; drawn if missing."""
        self.count("sweeps")
        settle, prune = patiences or self.random.choices(PATIENCES, k=2)
        sweep = Sweep(self.look_at_a_clock, settle_after=settle, prune_after=prune)
        self.sweeps.append(self._run(sweep_counter(counter, sweep, Report())))

    def start_resend(self, request_id: str, resend_after: int) -> None:
        """Have another sweeper send a request again, if it waits."""
        self.sweeps.append(self._run(resend(request_id, Sweep(self.look_at_a_clock, resend_after))))

    def _advance_sweep(self, run: Run) -> None:
        """Make a sweeper's next call."""
        if run.step(self.chance) is not Progress.RUNS:
            self.sweeps.remove(run)


def expect_no_other(report: Report) -> None:
    """Raise what a batch has failed on, if that is nothing to be expected."""
    for _, cause in report.failures:
        if not isinstance(cause, TO_BE_EXPECTED):
            raise cause
