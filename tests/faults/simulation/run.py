"""A piece of the protocol under way in some process: it goes on call by call, as long as nothing befalls it."""

import random
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any

from connection import Setback
from numbering import Starved
from operations import Operation, WriteStamps
from stamping import Steps, Unconfirmed
from tests.faults.simulation.calls import CRASHES, Fate, cut, draw_fate, draw_some, join, throttle_rest
from tests.faults.simulation.scenario import WorkFailed

# What may come out of a piece of the protocol under faults. Anything else is a breach.
TO_BE_EXPECTED = (Setback, Starved, Unconfirmed, WorkFailed)


class Died(Exception):
    """The process is gone in the middle of work()."""


class Progress(Enum):
    """How far a run is."""

    RUNS = "runs"
    DONE = "done"
    DEAD = "dead"


class Run:
    """One invocation's worth of the protocol. result: once it is DONE; failure: what it has raised when it is DEAD.

    perform: carries out a call; undergo: is told of every call, and what befalls it.
    """

    def __init__(
        self,
        steps: Steps[Any],
        draw: random.Random,
        perform: Callable[[Operation], Any],
        undergo: Callable[[Fate, Operation], None],
    ) -> None:
        self.result: Any = None
        self.failure: Exception | None = None
        self._steps, self._random, self._perform, self._undergo = steps, draw, perform, undergo
        self._operation: Any = None
        self._calls: list[tuple[int, Operation]] = []
        self._answers: dict[int, Any] = {}
        self._answer: Any = None
        self._setback: Exception | None = None

    def step(self, chance: float) -> Progress:
        """Make one call. chance: that something befalls it."""
        if not self._calls and not self._advance():
            return Progress.DEAD if self.failure else Progress.DONE
        place, call = self._calls[0]
        fate = draw_fate(self._random, chance)
        self._undergo(fate, call)
        if fate in CRASHES:
            self._crash(fate, call)
            return Progress.DEAD
        try:
            self._make(fate, place, call)
        except Died:
            self._steps.close()
            return Progress.DEAD
        except (Setback, WorkFailed) as setback:
            self._setback = setback
            self._calls.clear()
        return Progress.RUNS

    def _advance(self) -> bool:
        """Hand the protocol its answer and take its next operation; whether there is one."""
        setback, self._setback = self._setback, None
        try:
            self._operation = self._steps.throw(setback) if setback else self._steps.send(self._answer)
        except StopIteration as end:
            self.result = end.value
            return False
        except TO_BE_EXPECTED as failure:
            self.failure = failure
            return False
        self._calls, self._answers = cut(self._operation, self._random), {}
        return True

    def _make(self, fate: Fate, place: int, call: Operation) -> None:
        """Make a call, and keep its answer, if it comes."""
        if fate is Fate.SETBACK_BEFORE:
            raise Setback("nothing was carried out")
        if fate is Fate.THROTTLED and isinstance(call, WriteStamps):
            some, chosen = draw_some(self._random, call)
            answer: Any = throttle_rest(chosen, self._perform(some))
        else:
            answer = self._perform(call)
        if fate is Fate.SETBACK_AFTER:
            raise Setback("it was carried out")
        if fate is Fate.LOST_ANSWER:
            return
        self._calls.pop(0)
        self._answers[place] = answer
        if not self._calls:
            self._answer = join(self._operation, [self._answers[one] for one in sorted(self._answers)])

    def _crash(self, fate: Fate, call: Operation) -> None:
        """Carry out what still reaches the tables, and end."""
        if fate is Fate.CRASH_AFTER:
            with suppress(WorkFailed, Setback, Died):
                self._perform(call)
        elif fate is Fate.CRASH_AMIDST and isinstance(call, WriteStamps):
            self._perform(draw_some(self._random, call)[0])
        self._steps.close()


def befall(
    operation: Operation, fate: Fate, perform: Callable[[Operation], Any], undergo: Callable[[Fate, Operation], None]
) -> Any:
    """Carry out what work() asks for in the middle of its own, unless its fate is another. Raises Died, Setback."""
    undergo(fate, operation)
    if fate in (Fate.CRASH_BEFORE, Fate.CRASH_AMIDST, Fate.ADRIFT):
        raise Died
    if fate is Fate.SETBACK_BEFORE:
        raise Setback("nothing was carried out")
    answer = perform(operation)
    if fate is Fate.CRASH_AFTER:
        raise Died
    if fate is Fate.SETBACK_AFTER:
        raise Setback("it was carried out")
    return perform(operation) if fate is Fate.LOST_ANSWER else answer
