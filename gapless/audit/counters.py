"""Counters as an audit reads them: with the processor's eyes, and none so broken that it cannot be told. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from counter import Counter
from gapless.attributes import Item, read_number
from gapless.audit.ordinals import Run
from items import to_counter

FROZEN = ("start", "increment", "cycle", "allocation", "fault")  # options, once a number was handed out


def read_counters(items: Mapping[str, Item], only: str | None) -> dict[str, Counter]:
    """The counters by name; one whose item cannot be read at all has a fault."""
    return {name: read_counter(name, item) for name, item in items.items() if only in (None, name)}


def read_counter(name: str, item: Item) -> Counter:
    """One counter, however broken; with the capacity that its max or min leaves, should the item say more."""
    try:
        counter = to_counter(name, item)
        bound = read_number(item, "max" if counter.increment > 0 else "min")
    except (KeyError, TypeError, ValueError) as error:
        return Counter(name, fault=f"its item cannot be read: {error!r}")
    if bound is None or counter.fault or (counter.cycle and counter.capacity):
        return counter
    capacity = max(0, (bound - counter.start) // counter.increment + 1)
    return replace(counter, capacity=min(capacity, counter.capacity or capacity))


def is_numbering(counter: Counter) -> bool:
    """Whether requests can have its numbers."""
    return not counter.fault and counter.allocation == "stream"


def to_numbers(counter: Counter, run: Run) -> Run:
    """A run of ordinals as the numbers at its ends."""
    return counter.number(run[0]), counter.number(run[1])


def differs(one: Counter, other: Counter, option: str) -> bool:
    """Whether an option has changed; the capacity of a counter that cycles as well."""
    if option == "cycle" and one.cycle and one.capacity != other.capacity:
        return True
    return bool(getattr(one, option) != getattr(other, option))


def is_as_before(before: Counter, after: Counter | None) -> bool:
    """Whether it is still the same counter, and has gone on if anything."""
    if after is None or after.value < before.value:
        return False
    return not any(differs(before, after, one) for one in FROZEN)
