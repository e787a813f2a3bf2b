"""What a number costs and how fast it is given: several designs in turns, round for round, on one engine.

A cell is a size of batches and a number of shards. In each round every design numbers its share of every cell, one
function process a shard; then each number is looked at, so that nothing is measured that does not number.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gapless.bench.figures import Figures, Progress
from gapless.bench.workers import Worker, ask_all, fresh_tables, running_bench
from gapless.local.engine import EngineClient

ONE_BY_ONE = {"naive", "optimistic", "transaction-per-item"}  # whatever the batch
BASELINE = "naive"
# The slower a design, the fewer numbers it gives, lest all the time goes to the slowest: a part of the plan's.
PARTS = {"naive": 10, "optimistic": 20, "transaction-per-item": 20, "transaction": 2, "lanes": 1}
FULL_BATCH = 10  # in smaller ones, fewer still
# By the second one every shard has seen that there are others; a lane that believes it is alone puts more ids inline.
WARM_UPS = 2


class NotGapless(Exception):
    """Numbers are missing, or came up twice, though nothing has crashed."""


@dataclass(frozen=True)
class Plan:
    """What to measure. numbers: how many lanes give in a cell and a round; the others give a part of it."""

    engine: str
    batches: Sequence[int]
    shards: Sequence[int]
    designs: Sequence[str]
    rounds: int
    numbers: int


@dataclass(frozen=True)
class Cell:
    """Which figures belong together."""

    design: str
    batch: int
    shards: int


@dataclass(frozen=True)
class Sample:
    """One design in one cell and round; all for each number, but for the rate: numbers a second."""

    rate: float
    wcu: float
    rcu: float
    requests: float
    failed: float
    cpu_ms: float


@dataclass(frozen=True)
class Row:
    """One design in one cell: medians of the rounds, the rate and its ratio with their lowest and highest.

    ratio_to_naive: of the same round each; None when naive is not measured. crash_...: as crashes.Aftermath has it.
    """

    design: str
    batch: int
    shards: int
    wcu_per_number: float
    rcu_per_number: float
    requests_per_number: float
    failed_per_number: float
    cpu_ms_per_number: float
    numbers_per_second: float
    numbers_per_second_range: tuple[float, float]
    ratio_to_naive: float | None
    ratio_to_naive_range: tuple[float, float] | None
    crash_runs: int
    crash_bad: int
    crash_gaps: int
    crash_twins: int
    crash_changed: int


async def bench_numbering(plan: Plan, progress: Progress) -> list[Row]:
    """Measure everything. Raises NotGapless, WorkerFailed, and what starting the engine raises."""
    samples: dict[Cell, list[Sample]] = {}
    cells = [(batch, shards) for batch in plan.batches for shards in plan.shards]
    async with running_bench(plan.engine, max(plan.shards)) as (engine, workers):
        progress(f"a crash at each call, on {plan.engine}")
        crashes = {design: await crash(design, engine, workers[0]) for design in plan.designs}
        for turn in range(plan.rounds):
            for batch, shards in cells:
                progress(f"round {turn + 1} of {plan.rounds}: batches of {batch}, shards: {shards}")
                for design in rotate(plan.designs, turn):
                    cell = Cell(design, batch, shards)
                    async with fresh_tables(engine) as settings:
                        sample = await measure(cell, plan.numbers, workers[:shards], settings)
                    samples.setdefault(cell, []).append(sample)
    return [
        summarise(Cell(design, batch, shards), samples, crashes[design])
        for batch, shards in cells
        for design in plan.designs
    ]


def rotate(designs: Sequence[str], turn: int) -> list[str]:
    """Another one first in each round, so that none is always behind the same."""
    first = turn % len(designs)
    return [*designs[first:], *designs[:first]]


async def crash(design: str, engine: EngineClient, worker: Worker) -> dict[str, Any]:
    """Have a design die at each of its calls."""
    async with fresh_tables(engine) as settings:
        return await worker.ask("crash", settings=settings, design=design)


async def measure(cell: Cell, numbers: int, workers: Sequence[Worker], settings: Mapping[str, str]) -> Sample:
    """Have a design number its share, a worker a shard, all at once."""
    batch = 1 if cell.design in ONE_BY_ONE else cell.batch
    batches = math.ceil(count_numbers(cell, numbers) / (batch * cell.shards))
    size = {"batch": batch, "batches": batches, "warm_ups": WARM_UPS}
    await ask_all(workers, "prepare", settings=settings, design=cell.design, **size)
    for _ in range(WARM_UPS):
        await ask_all(workers, "warm_up")
    runs = await ask_all(workers, "run")
    settled = await ask_all(workers, "settle")
    given = sorted(number for one in settled for number in one["numbers"])
    if given != list(range(1, settled[0]["value"] + 1)):
        raise NotGapless(f"{cell} has left a gap or a twin without a crash")
    total = batch * batches * len(workers)
    seconds = max(run["ended"] for run in runs) - min(run["began"] for run in runs)
    return Sample(
        rate=total / seconds,
        wcu=sum(one["write_units"] for one in settled) / total,
        rcu=sum(one["read_units"] for one in settled) / total,
        requests=sum(one["requests"] for one in settled) / total,
        failed=sum(one["failed"] for one in settled) / total,
        cpu_ms=sum(run["cpu"] for run in runs) * 1000 / total,
    )


def count_numbers(cell: Cell, numbers: int) -> int:
    """How many numbers are enough for a cell."""
    enough = numbers // PARTS[cell.design]
    return enough if cell.design in ONE_BY_ONE else min(enough, enough * cell.batch // FULL_BATCH)


def summarise(cell: Cell, samples: dict[Cell, list[Sample]], crashes: Mapping[str, int]) -> Row:
    """A row of the report."""
    mine = samples[cell]
    naive = samples.get(Cell(BASELINE, cell.batch, cell.shards))
    rates = Figures.of([one.rate for one in mine])
    ratios = Figures.of([one.rate / other.rate for one, other in zip(mine, naive, strict=True)]) if naive else None
    return Row(
        **vars(cell),
        wcu_per_number=Figures.of([one.wcu for one in mine]).median,
        rcu_per_number=Figures.of([one.rcu for one in mine]).median,
        requests_per_number=Figures.of([one.requests for one in mine]).median,
        failed_per_number=Figures.of([one.failed for one in mine]).median,
        cpu_ms_per_number=Figures.of([one.cpu_ms for one in mine]).median,
        numbers_per_second=rates.median,
        numbers_per_second_range=(rates.low, rates.high),
        ratio_to_naive=ratios.median if ratios else None,
        ratio_to_naive_range=(ratios.low, ratios.high) if ratios else None,
        crash_runs=crashes["runs"],
        crash_bad=crashes["bad"],
        crash_gaps=crashes["gaps"],
        crash_twins=crashes["twins"],
        crash_changed=crashes["changed"],
    )
