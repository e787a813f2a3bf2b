"""What a worker knows of lanes without looking, all that is carried from one invocation to the next. Pure.

It is true for ever: while the counter's fence and the lane's mark are where they were, nobody has replaced the lane's
entry, and everything up to that mark is written. If they have moved, the commit's condition says so. So it may come
from anywhere: this process, or the state that a tumbling window hands from one function process to another.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

from counter import Counter
from entry import entry_size

# Of the 1 MB that a window's state may have: 256 lanes of at most half a KB.
MOST_LANES = 256
LONGEST_NAME = 256  # characters of a counter's name


@dataclass(frozen=True)
class Known:
    """A lane whose last entry has been applied, and what a commit needs to know of its counter.

    mark, fence, version, verify_until: as in Entry and Counter, None when there is none. newest: as in Entry, 0 without
    one. rest: bytes of the counter's item without this lane. alone: no other lane is in it. last: Counter.last.
    """

    mark: int | None
    fence: int | None
    version: int | None
    newest: int
    verify_until: int | None
    rest: int
    alone: bool
    last: int | None

    @classmethod
    def of(cls, counter: Counter, lane: str) -> "Known":
        """What is known once the lane's entry on this counter is applied."""
        entry = counter.lanes.get(lane)
        return cls(
            mark=entry.mark if entry else None,
            fence=counter.fence,
            version=counter.version,
            newest=entry.newest if entry else 0,
            verify_until=counter.verify_until,
            rest=counter.size - entry_size(entry, lane) if entry else counter.size,
            alone=not counter.lanes.keys() - {lane},
            last=counter.last,
        )


class Memory:
    """The known lanes by (counter, lane), the most recently used kept."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Known] = {}

    def recall(self, counter: str, lane: str) -> Known | None:
        """What is known of the lane, if anything."""
        return self._known.get((counter, lane))

    def keep(self, counter: str, lane: str, known: Known) -> None:
        """Remember it, and forget what has not been of use for longest."""
        self._known.pop((counter, lane), None)
        if len(counter) <= LONGEST_NAME:
            self._known[counter, lane] = known
        if len(self._known) > MOST_LANES:
            del self._known[next(iter(self._known))]

    def to_state(self, lane: str) -> dict[str, Any]:
        """What is known of one lane on its counters, for JSON; long numbers as text, which no parser rounds."""
        return {
            counter: [str(part) if type(part) is int else part for part in astuple(known)]
            for (counter, of), known in self._known.items()
            if of == lane
        }

    def add_state(self, state: Mapping[str, Any], lane: str) -> None:
        """Take over what to_state gave, perhaps in another process; what is known better here stays."""
        for counter, parts in state.items():
            numbers: list[Any] = [int(part) if isinstance(part, str) else part for part in parts]
            known = Known(*numbers)
            here = self.recall(counter, lane)
            if here is None or progress(here) < progress(known):
                self.keep(counter, lane, known)


def progress(known: Known) -> tuple[int, int]:
    """Orders what is known of one lane: the fence never goes back, nor does a mark while the fence stands."""
    return known.fence or 0, known.mark or 0
