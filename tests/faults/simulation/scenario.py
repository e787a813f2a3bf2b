"""What there is to number, and what work() makes of it, drawn from the seed."""

import random
import uuid
from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from counter import Counter
from progress import Progress
from request import ITEM_LIMIT, Accepted, Refused, Request, Verdict

DEFAULT_COUNTER = "requests"
LATE, NEVER = "late", "never"
SIZE = 400  # bytes of a request's item
RESULT = "{}"
STEPS = 3
LONG_RESULT = f'"{"x" * 300}"'  # more than an item of ITEM_LIMIT has room for
AWKWARD = ("é", "漢字", "😀", "a b", "x#1", "e\u0301")


class Kind(Enum):
    """What work() makes of a request."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FLAKY = "accepted or rejected, anew at every look"
    PASSING = "fails for a while"
    POISON = "fails for ever"
    LARGE = "its result is too large, which is found at once"
    STEPS = "takes several steps, each of which is kept"
    GROWN = "its result is too large, which is found when it is written"


KINDS = {
    Kind.ACCEPTED: 60,
    Kind.REJECTED: 10,
    Kind.FLAKY: 10,
    Kind.PASSING: 10,
    Kind.POISON: 2,
    Kind.LARGE: 4,
    Kind.STEPS: 10,
    Kind.GROWN: 4,
}


class WorkFailed(Exception):
    """What work() raises."""


@dataclass
class Work:
    """work() in this world. is_sound: what fails for a while does so no more."""

    random: random.Random
    kinds: dict[str, Kind] = field(default_factory=dict)
    is_sound: bool = False

    def judge(self, request: Request, progress: Progress) -> Verdict:
        """What becomes of a request, this time. Raises WorkFailed."""
        match self.kinds[request.request_id]:
            case Kind.REJECTED:
                return Refused("Rejected", "no")
            case Kind.FLAKY if self.random.random() < 0.5:
                return Refused("OutOfLuck", "not this time")
            case Kind.PASSING if not self.is_sound and self.random.random() < 0.5:
                raise WorkFailed("for a while")
            case Kind.POISON:
                raise WorkFailed("for ever")
            case Kind.LARGE:
                return Refused("ResultTooLarge", "no room")
            case Kind.STEPS:
                return self.go_on(progress)
            case Kind.GROWN:
                return Accepted(LONG_RESULT)
            case _:
                return Accepted(RESULT)

    def go_on(self, progress: Progress) -> Verdict:
        """The steps that are left, as far as it gets. Raises WorkFailed."""
        done = progress.load().get("steps", 0)
        for step in range(done + 1, STEPS + 1):
            if not self.is_sound and self.random.random() < 0.3:
                raise WorkFailed("between two steps")
            if not progress.save({"steps": step}):
                raise WorkFailed("it has its end by now, or is gone")
        return Accepted(RESULT, progress.is_kept)


def draw_counters(draw: random.Random) -> list[Counter]:
    """The counters that an operator has made before the first request: some of every sort, and always a plain one."""
    step = draw.choice((1, 3, 10**30))
    sorts = [
        Counter("up", start=100, increment=5),
        Counter("down", start=7, increment=-2),
        Counter("wide", start=-step, increment=step),
        Counter("short", start=draw.randint(-3, 3), increment=draw.choice((1, -4)), capacity=draw.randint(1, 12)),
        Counter("ring", start=10, increment=10, capacity=draw.randint(1, 5), cycle=True),
        Counter("direct", allocation="direct"),
    ]
    return [Counter("plain"), *draw.sample(sorts, draw.randint(1, 4))]


def draw_request(draw: random.Random, counter: str, received_at: int, kind: Kind) -> Request:
    """A request with an id as clients choose them: UUIDs mostly, in either case, and anything at all."""
    request_id = str(uuid.UUID(int=draw.getrandbits(128), version=4))
    shape = draw.random()
    if shape < 0.3:
        request_id = f"{draw.choice(AWKWARD)}-{request_id[:8]}"
    elif shape < 0.45:
        request_id = request_id[:8] * draw.randint(10, 40)  # long enough to need the journal
    elif shape < 0.55:
        request_id = request_id.upper()
    size = ITEM_LIMIT if kind is Kind.GROWN else SIZE
    return Request(request_id, counter, text="{}", received_at=received_at, size=size)


def draw_kind(draw: random.Random, weights: Mapping[Kind, int] = KINDS) -> Kind:
    """What work() will make of a request."""
    return draw.choices(list(weights), list(weights.values()))[0]


@dataclass(frozen=True)
class Deleted:
    """A request that was deleted, and the number that it had then."""

    request: Request
    number: int | None


@dataclass
class History:
    """What has happened in a world, as its clients and its operator have seen it: all that the promises speak of.

    submitted: every request by id; kinds: what work() makes of each; stamped: how often each was given its end.
    made: the counters as they were made; capacities: of those that were raised, the last; handed_out: numbers that a
    direct counter gave past the protocol. deleted: requests that are gone, by id; buried: those whose id is used again.
    announced: for each shard the ids in its order; overtaken: ids that a delivery began beyond while they waited, or
    that were sent again, or used again: their order is not promised. events: how often what has happened.
    kept: what work() has saved last, by id and received_at; lost: the ids where it then found something else.
    """

    submitted: dict[str, Request] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    made: dict[str, Counter] = field(default_factory=dict)
    capacities: dict[str, int] = field(default_factory=dict)
    stamped: Tally[str] = field(default_factory=Tally)
    handed_out: Tally[str] = field(default_factory=Tally)
    deleted: dict[str, Deleted] = field(default_factory=dict)
    buried: list[Deleted] = field(default_factory=list)
    announced: dict[str, list[str]] = field(default_factory=dict)
    overtaken: set[str] = field(default_factory=set)
    events: Tally[str] = field(default_factory=Tally)
    kept: dict[tuple[str, int], str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
