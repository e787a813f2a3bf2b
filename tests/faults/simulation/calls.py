"""An operation on its way to the tables: in how many calls it is made, and what may befall each."""

import random
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from itertools import repeat
from typing import Any

from operations import (
    Operation,
    Outcome,
    ReadJournals,
    ReadRequests,
    ReadStates,
    WriteStamps,
)


class Fate(Enum):
    """What befalls a call."""

    NOTHING = "nothing"
    CRASH_BEFORE = "the process dies before it"
    CRASH_AMIDST = "the process dies when some of it is done"
    CRASH_AFTER = "the process dies after it"
    ADRIFT = "the process dies, and it is carried out later"
    LOST_ANSWER = "its answer is lost, and it is made again"
    SETBACK_BEFORE = "it fails"
    SETBACK_AFTER = "it fails, and was carried out"
    THROTTLED = "some of it is throttled"


CRASHES = (Fate.CRASH_BEFORE, Fate.CRASH_AMIDST, Fate.CRASH_AFTER, Fate.ADRIFT)


def draw_fate(draw: random.Random, chance: float) -> Fate:
    """What befalls the next call. chance: that anything does."""
    if not chance or draw.random() >= chance:
        return Fate.NOTHING
    return draw.choices(list(Fate)[1:], (3, 3, 6, 1, 3, 1, 1, 4))[0]


def cut(operation: Operation, draw: random.Random) -> list[tuple[int, Operation]]:
    """The calls that an operation is made in, each with its place: a long one takes several, and their order is open.

    A read of many items is not a moment's view, and stamps are sent from several threads.
    """
    parts = parts_of(operation)
    if len(parts) < 2 or draw.random() < 0.6:
        return [(0, operation)]
    middle = draw.randrange(1, len(parts))
    calls = [(0, with_parts(operation, parts[:middle])), (1, with_parts(operation, parts[middle:]))]
    return calls if draw.random() < 0.5 else calls[::-1]


def parts_of(operation: Operation) -> Sequence[Any]:
    """What a long operation is about, item by item; nothing for one that is a single call."""
    match operation:
        case ReadStates() | ReadRequests():
            return list(zip(operation.ids, operation.received or repeat(None), strict=False))
        case ReadJournals():
            return operation.keys
        case WriteStamps():
            return operation.stamps
        case _:
            return ()


def with_parts(operation: Any, parts: Sequence[Any]) -> Operation:
    """The same operation about some of its items."""
    if isinstance(operation, ReadStates | ReadRequests):
        received = tuple(time for _, time in parts if time is not None)
        return replace(operation, ids=tuple(one for one, _ in parts), received=received)
    name = {WriteStamps: "stamps", ReadJournals: "keys"}[type(operation)]
    some: Operation = replace(operation, **{name: tuple(parts)})
    return some


def join(operation: Operation, answers: Sequence[Any]) -> Any:
    """The answer to an operation from those to its calls, in the order of their places."""
    if len(answers) == 1:
        return answers[0]
    if isinstance(operation, WriteStamps):
        return [outcome for some in answers for outcome in some]
    return {key: value for some in answers for key, value in some.items()}


def draw_some(draw: random.Random, operation: WriteStamps) -> tuple[WriteStamps, list[bool]]:
    """Some of the stamps, and for each of them all whether it is among those."""
    chosen = [draw.random() < 0.5 for _ in operation.stamps]
    some = tuple(stamp for stamp, is_chosen in zip(operation.stamps, chosen, strict=True) if is_chosen)
    return WriteStamps(some), chosen


def throttle_rest(chosen: Sequence[bool], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes of those that were chosen, and that the others were throttled."""
    written = iter(outcomes)
    return [next(written) if is_chosen else Outcome.THROTTLED for is_chosen in chosen]
