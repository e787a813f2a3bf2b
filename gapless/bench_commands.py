"""The commands that measure."""

import asyncio
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gapless.bench.names import DESIGNS, ENGINES, PATTERNS, PLOT_FORMATS
from gapless.options import output_option
from gapless.terminal import reporting_errors, show_designs, show_progress, show_report

if TYPE_CHECKING:
    from gapless.bench.numbering import Row

engine_option = click.option(
    "--engine", default=ENGINES[0], show_default=True, type=click.Choice(ENGINES), help="Started for it."
)
rounds_option = click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
numbers_option = click.option(
    "--numbers", default=1000, show_default=True, type=click.IntRange(20), help="Lanes give; others fewer."
)


def split_numbers(_context: click.Context, _parameter: click.Parameter, text: str) -> list[int]:
    """A comma-separated list of numbers from 1 on."""
    if not all(one.isdecimal() and int(one) for one in text.split(",")):
        raise click.BadParameter(f"{text!r} is not a list of numbers, such as 1,10,99")
    return [int(one) for one in text.split(",")]


def split_designs(_context: click.Context, _parameter: click.Parameter, text: str) -> list[str]:
    """A comma-separated list of designs."""
    if unknown := set(text.split(",")) - set(DESIGNS):
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: the designs are {', '.join(DESIGNS)}")
    return text.split(",")


def check_plot(_context: click.Context, _parameter: click.Parameter, file: Path | None) -> Path | None:
    """A file that can be plotted to: said before anything is measured, which takes minutes."""
    if file is None:
        return None
    if file.suffix not in PLOT_FORMATS:
        raise click.BadParameter(f"{file} does not end in {' or '.join(PLOT_FORMATS)}")
    if not file.parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.parent}")
    try:
        import_module("matplotlib")
    except ImportError as error:
        raise click.UsageError(
            f"--plot needs matplotlib ({error}). `make setup` installs it, and so does pip install 'gapless[plot]'."
        ) from None
    return file


@click.group()
def bench() -> None:
    """Measure, each time against something in the same run."""


@bench.command("local")
@click.option("--requests", default=1000, show_default=True, type=click.IntRange(4))
@click.option("--clients", default=8, show_default=True, type=click.IntRange(1))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1))
@output_option
def local(requests: int, clients: int, rounds: int, output: str) -> None:
    """The local stack end to end, against the bare engine at the same two writes a request."""
    from gapless.bench.local import bench_local
    from gapless.load import TooSlow

    with reporting_errors(unreachable=(TooSlow,)):
        show_report(bench_local(requests, clients, rounds, show_progress), output)


@bench.command("cold-start")
@click.option("--rounds", default=9, show_default=True, type=click.IntRange(1))
@output_option
def cold_start(rounds: int, output: str) -> None:
    """The processor's initialisation, against that of a boto3 client."""
    from gapless.bench.cold_start import bench_cold_start

    with reporting_errors():
        show_report(bench_cold_start(rounds, show_progress), output)


@bench.command("numbering")
@engine_option
@click.option("--batches", default="1,10,99,500", show_default=True, callback=split_numbers, help="Sizes of batches.")
@click.option("--shards", default="1,4,8", show_default=True, callback=split_numbers, help="Shards at once.")
@click.option(
    "--designs", default=",".join(DESIGNS), show_default=True, callback=split_designs, help="What to compare."
)
@rounds_option
@numbers_option
@output_option
def numbering(
    engine: str, batches: list[int], shards: list[int], designs: list[str], rounds: int, numbers: int, output: str
) -> None:
    """What a number costs, how fast it is given, and whether it survives a crash, by four designs in turns."""
    show_designs(measure(engine, batches, shards, designs, rounds, numbers), output)


@bench.command("patterns")
@engine_option
@click.option("--batches", default="1,10,99", show_default=True, callback=split_numbers, help="Sizes of batches.")
@click.option("--workers", default="1,4,8", show_default=True, callback=split_numbers, help="Workers at once.")
@rounds_option
@numbers_option
@click.option(
    "--plot",
    metavar="FILE.svg|FILE.png",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    callback=check_plot,
    help="Draw it, too.",
)
@output_option
def patterns(
    engine: str, batches: list[int], workers: list[int], rounds: int, numbers: int, plot: Path | None, output: str
) -> None:
    """Which pattern fits whom: the optimistic, the atomic, two with transactions, and lanes, in turns.

    What each costs, how fast it is, how often workers are in each other's way, and what gaps and twins a crash leaves.
    """
    from gapless.bench.patterns import Pattern, show_patterns

    rows = measure(engine, batches, workers, PATTERNS, rounds, numbers)
    measured = [Pattern.of(row, engine) for row in rows]
    show_patterns(measured, output)
    if plot:
        from gapless.bench.plot import plot_patterns

        plot_patterns(measured, plot)


def measure(
    engine: str, batches: Sequence[int], shards: Sequence[int], designs: Sequence[str], rounds: int, numbers: int
) -> list["Row"]:
    """Run the designs; what goes wrong ends the command."""
    from gapless.bench.numbering import NotGapless, Plan, bench_numbering
    from gapless.bench.workers import WorkerFailed
    from gapless.local.dynamodb_local import NotInstalled
    from gapless.local.engine import EngineUnavailable

    plan = Plan(engine, batches, shards, designs, rounds, numbers)
    with reporting_errors(unreachable=(EngineUnavailable, NotGapless, NotInstalled, WorkerFailed)):
        return asyncio.run(bench_numbering(plan, show_progress))
