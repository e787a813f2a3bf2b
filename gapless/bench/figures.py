"""Figures of several rounds, and what a report has of them."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Figures:
    """Median, smallest and largest of some rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Figures":
        """Sum the rounds up."""
        return cls(round(statistics.median(values), 4), round(min(values), 4), round(max(values), 4))


def rows(report: Any) -> Iterator[tuple[str, Figures]]:
    """The figures of a report with their names, for a table."""
    for name, value in vars(report).items():
        if isinstance(value, Figures):
            yield name, value
