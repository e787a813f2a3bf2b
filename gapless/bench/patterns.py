"""Five patterns for giving numbers, told apart by what they cost and by what a crash leaves behind.

The measurements are those of gapless.bench.numbering; here is what somebody who has to choose wants to see of them.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from gapless.bench.numbering import Row
from gapless.terminal import print_line, span

TITLES = {
    "optimistic": "optimistic",
    "naive": "atomic UpdateItem",
    "transaction-per-item": "transaction per item",
    "transaction": "transaction per batch",
    "lanes": "lanes",
}
COSTS = (
    "size: of a batch, by workers at once. Calls, write and read units by DynamoDB's rules, and conflicts (conditions "
    "that failed, transactions that were cancelled) are those of a number. Medians of the rounds, and lowest-highest."
)
CRASHES = (
    "In each run a worker dies at another call, before or after it, and another is given the same five requests. Over "
    "all runs, gaps: numbers that nobody has; twins: numbers that two have; changed: requests that had one number, "
    "and then another."
)


@dataclass(frozen=True)
class Pattern:
    """One pattern at one size of batches and number of workers: medians of the rounds, all but the rate a number's.

    crashes: runs with one each, over which gaps, twins and changed are added up (crashes.Aftermath).
    """

    pattern: str
    engine: str
    batch: int
    workers: int
    requests_per_number: float
    wcu_per_number: float
    rcu_per_number: float
    conflicts_per_number: float
    numbers_per_second: float
    numbers_per_second_range: tuple[float, float]
    crashes: int
    gaps: int
    twins: int
    changed: int

    @classmethod
    def of(cls, row: Row, engine: str) -> "Pattern":
        """What a measured design is as a pattern."""
        return cls(
            pattern=row.design,
            engine=engine,
            batch=row.batch,
            workers=row.shards,
            requests_per_number=row.requests_per_number,
            wcu_per_number=row.wcu_per_number,
            rcu_per_number=row.rcu_per_number,
            conflicts_per_number=row.failed_per_number,
            numbers_per_second=row.numbers_per_second,
            numbers_per_second_range=row.numbers_per_second_range,
            crashes=row.crash_runs,
            gaps=row.crash_gaps,
            twins=row.crash_twins,
            changed=row.crash_changed,
        )


def show_patterns(patterns: Sequence[Pattern], output: str) -> None:
    """As two tables, or as JSON: a list of objects."""
    if output == "json":
        print_line(json.dumps([asdict(pattern) for pattern in patterns]))
        return
    console = Console()
    console.print(tabulate_costs(patterns))
    console.print(tabulate_crashes(patterns))


def tabulate_costs(patterns: Sequence[Pattern]) -> Table:
    """What a number takes, by batch and workers."""
    table = begin_table(COSTS, "size", "pattern", "calls", "WCU", "RCU", "conflicts", "numbers/s")
    for pattern in patterns:
        table.add_row(
            f"{pattern.batch} x {pattern.workers}",
            TITLES[pattern.pattern],
            f"{pattern.requests_per_number:.2f}",
            f"{pattern.wcu_per_number:.2f}",
            f"{pattern.rcu_per_number:.2f}",
            f"{pattern.conflicts_per_number:.2f}",
            span(pattern.numbers_per_second, pattern.numbers_per_second_range, 0),
            end_section=pattern.pattern == patterns[-1].pattern,
        )
    return table


def tabulate_crashes(patterns: Sequence[Pattern]) -> Table:
    """What crashes leave behind, which does not depend on batch and workers."""
    table = begin_table(CRASHES, "", "pattern", "crashes", "gaps", "twins", "changed")
    for pattern in {one.pattern: one for one in patterns}.values():
        figures = (pattern.crashes, pattern.gaps, pattern.twins, pattern.changed)
        table.add_row("", TITLES[pattern.pattern], *map(str, figures))
    return table


def begin_table(caption: str, *columns: str) -> Table:
    """An empty table; figures stand to the right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, caption=caption, caption_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < 2 else "right", no_wrap=True)
    return table
