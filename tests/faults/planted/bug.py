"""What a planted bug is."""

from dataclasses import dataclass

INTERLEAVINGS = "tests/faults/test_interleavings.py"
ENTRIES = "tests/faults/test_entries.py"
BUSY = "tests/faults/test_busy_counters.py"
CALLS = "tests/faults/test_calls.py"
BOUNDARIES = "tests/faults/test_boundaries.py::test_a_crash_at_every_boundary_and_every_redelivery"
UNIT = "tests/unit"

UNIQUE = "no number twice"
GAPLESS = "no number missing"
ORDERED = "numbers follow the stream"
FINAL = "an answer is final"
BOUNDED = "numbers end where the counter's options say"
HONEST = "FAILED takes no number, and only an answer expires"
LIVE = "whoever waits is numbered some day"
REPORTED = "what fails is reported, and nothing behind it is lost"


@dataclass(frozen=True)
class Bug:
    """changes: old and new text in the file; caught_by: the test that is to fail."""

    name: str
    promise: str
    file: str
    changes: tuple[tuple[str, str], ...]
    caught_by: str


def bug(name: str, promise: str, file: str, old: str, new: str, caught_by: str) -> Bug:
    """One with a single change."""
    return Bug(name, promise, f"{file}.py", ((old, new),), caught_by)


def in_memory(scenario: str) -> str:
    """The interleaving on tables in memory."""
    return f"{INTERLEAVINGS}::test_it_leaves_the_numbers_whole[as it fits-{scenario}]"


def on_engine(scenario: str) -> str:
    """The interleaving on a real engine, which the conditions are DynamoDB's on."""
    return f"{INTERLEAVINGS}::test_it_does_so_on_a_real_engine[{scenario}-as it fits]"
