"""The numbers of one counter, as a scan comes across them: which are missing, given twice, or not its own. Pure.

Expiry is why a missing number may be in order: a DONE request is deleted when its time is up, and its number goes with
it. Nothing is left to say so, but this can be said of those that are left:

    commits take numbers in order ┄┄▶ l < n: committed no later than n
    received(l) <= committed(l) <= committed(n) <= completed(n), and n may be deleted from completed(n) + retention on

So where a request l < n is left that was received within the last retention, n cannot have expired: it is a gap. Where
none is, n may have expired, or never been written; nobody can tell. It takes one ordinal to know which is which: the
lowest of all that were received since. It is kept for each hour, because how long requests are kept shows late.
"""

from collections import Counter as Multiset
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from counter import Counter
from gapless.audit.ordinals import Ordinals, Run, count_runs, split_runs, without

HOUR = 3_600_000  # ms
MOST_RUNS = 100_000  # of a counter that cycles: its value may be anything


@dataclass
class Conclusion:
    """What the numbers of a counter are like, in ordinals but for twins and beyond, which are numbers.

    gaps: handed out, and no request has them; expired: the same, and they can have expired; twins: given too often, and
    how often they may be; beyond: above what the counter has handed out; highest: the highest ordinal in use, or the
    least it can be.
    """

    gaps: list[Run] = field(default_factory=list)
    expired: list[Run] = field(default_factory=list)
    twins: dict[int, int] = field(default_factory=dict)
    beyond: list[int] = field(default_factory=list)
    highest: int = 0
    gap_count: int = 0
    expired_count: int = 0


class Line:
    """The numbers of a counter that gives each of them once."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._seen = Ordinals()
        self._again: set[int] = set()
        self._lowest: dict[int, int] = {}  # by the hour its request was received in
        self.count = 0

    def add(self, number: int, received_at: int | None) -> bool:
        """Take in a number, and when its request was received, epoch ms, None for a tombstone.

        False when the counter has no such number.
        """
        step, rest = divmod(number - self._counter.start, self._counter.increment)
        if rest or step < 0:
            return False
        ordinal = step + 1
        self.count += 1
        if not self._seen.add(ordinal):
            self._again.add(ordinal)
        if received_at is not None:
            hour = received_at // HOUR
            self._lowest[hour] = min(ordinal, self._lowest.get(hour, ordinal))
        return True

    def find(self, ordinal: int) -> None:
        """Take in a number that was written after the scan had passed its request."""
        if not self._seen.add(ordinal):
            self._again.add(ordinal)

    def conclude(self, before: int, after: int, writing: Sequence[int], horizon: int) -> Conclusion:
        """before, after: the counter's value before the scan and after it; writing: ordinals that are being written, in
        order; horizon: what was completed before it, epoch ms, may have expired; -1 when nothing can have."""
        recent = [ordinal for hour, ordinal in self._lowest.items() if hour * HOUR > horizon]
        missing = without(self._seen.missing(before), writing)
        # Without a recent request everything may have expired.
        threshold = 1 if horizon < 0 else min(recent, default=before + 1)
        expired, gaps = split_runs(missing, threshold)
        return Conclusion(
            gaps,
            expired,
            {self._counter.number(one): 1 for one in sorted(self._again)},
            [self._counter.number(one) for one in self._seen.above(after)],
            self._seen.highest,
            count_runs(gaps),
            count_runs(expired),
        )


class Ring:
    """The numbers of a counter that begins again at its start: counted, each by its place in the cycle from 1 on.

    Which of its turns a request had a number in cannot be seen, so the k-th lowest that it can have been is taken.
    """

    def __init__(self, counter: Counter, capacity: int) -> None:
        self._counter = counter
        self._capacity = capacity
        self._times: Multiset[int] = Multiset()
        self._by_hour: Multiset[tuple[int, int]] = Multiset()
        self.count = 0

    def add(self, number: int, received_at: int | None) -> bool:
        """As Line.add."""
        step, rest = divmod(number - self._counter.start, self._counter.increment)
        if rest or not 0 <= step < self._capacity:
            return False
        self.count += 1
        self._times[step + 1] += 1
        if received_at is not None:
            self._by_hour[received_at // HOUR, step + 1] += 1
        return True

    def find(self, ordinal: int) -> None:
        """As Line.find."""
        self._times[self._place(ordinal)] += 1

    def conclude(self, before: int, after: int, writing: Sequence[int], horizon: int) -> Conclusion:
        """As Line.conclude."""
        threshold = 1 if horizon < 0 else self._threshold(after, horizon)
        underway = Multiset(map(self._place, writing))
        taken = self._times + underway
        result = Conclusion(highest=max((self._ordinal(*one) for one in taken.items()), default=0))
        gaps: list[Iterator[Run]] = []
        expired: list[Iterator[Run]] = []
        for first, last in self._stretches(before, threshold, underway.keys()):
            seen = self._times[first]
            due = self._turns(before, first) - seen - underway[first]
            old = min(due, self._turns(min(threshold - 1, before), first))
            width = last - first + 1
            if old > 0:
                expired.append(self._runs(first, last, range(old)))
                result.expired_count += old * width
            if due > max(old, 0):
                gaps.append(self._runs(first, last, range(seen, seen + due - max(old, 0))))
                result.gap_count += (due - max(old, 0)) * width
        result.gaps = list(islice((run for some in gaps for run in some), MOST_RUNS))
        result.expired = list(islice((run for some in expired for run in some), MOST_RUNS))
        turns = {place: self._turns(after, place) for place, times in sorted(self._times.items())}
        result.twins = {self._counter.number(place): most for place, most in turns.items() if self._times[place] > most}
        return result

    def _place(self, ordinal: int) -> int:
        return (ordinal - 1) % self._capacity + 1

    def _ordinal(self, place: int, turn: int) -> int:
        """The ordinal of a place in its turn-th turn, from 1 on."""
        return place + (turn - 1) * self._capacity

    def _turns(self, value: int, place: int) -> int:
        """How often a place has had its turn when the counter is at that value."""
        return value // self._capacity + (place <= value % self._capacity)

    def _threshold(self, after: int, horizon: int) -> int:
        """No lower than the lowest ordinal of a request received since the horizon: k of them with one number have had
        k different turns, so that the first was no later than the k-th but last."""
        recent: Multiset[int] = Multiset()
        for (hour, place), times in self._by_hour.items():
            if hour * HOUR > horizon:
                recent[place] += times
        turns = ((place, max(1, self._turns(after, place) - times + 1)) for place, times in recent.items())
        return min((self._ordinal(*one) for one in turns), default=after + 1)

    def _stretches(self, before: int, threshold: int, apart: Iterable[int]) -> Iterator[Run]:
        """The places that have had a turn, in runs that are alike: seen as often, due as often, expired as often."""
        last = min(before, self._capacity)
        alone = {place for place in (*self._times, *apart) if place <= last}
        cuts = {1, last + 1, before % self._capacity + 1, (threshold - 1) % self._capacity + 1}
        edges = sorted({one for one in cuts if one <= last + 1} | alone | {one + 1 for one in alone})
        yield from ((first, following - 1) for first, following in pairwise(edges))

    def _runs(self, first: int, last: int, turns: range) -> Iterator[Run]:
        """A stretch's ordinals in some of its turns, counted from 0."""
        return ((first + turn * self._capacity, last + turn * self._capacity) for turn in turns)


Tally = Line | Ring


def tally_of(counter: Counter) -> Tally:
    """The one that fits the counter."""
    return Ring(counter, counter.capacity) if counter.cycle and counter.capacity else Line(counter)
