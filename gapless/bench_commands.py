"""The commands that measure."""

import asyncio

import click

from gapless.bench.names import DESIGNS, ENGINES
from gapless.options import output_option
from gapless.terminal import reporting_errors, show_designs, show_progress, show_report


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
@click.option("--engine", default=ENGINES[0], show_default=True, type=click.Choice(ENGINES), help="Started for it.")
@click.option("--batches", default="1,10,99,500", show_default=True, callback=split_numbers, help="Sizes of batches.")
@click.option("--shards", default="1,4,8", show_default=True, callback=split_numbers, help="Shards at once.")
@click.option(
    "--designs", default=",".join(DESIGNS), show_default=True, callback=split_designs, help="What to compare."
)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--numbers", default=1000, show_default=True, type=click.IntRange(20), help="Lanes give; others fewer.")
@output_option
def numbering(
    engine: str, batches: list[int], shards: list[int], designs: list[str], rounds: int, numbers: int, output: str
) -> None:
    """What a number costs, how fast it is given, and whether it survives a crash, by four designs in turns."""
    from gapless.bench.numbering import NotGapless, Plan, bench_numbering
    from gapless.bench.workers import WorkerFailed
    from gapless.local.dynamodb_local import NotInstalled
    from gapless.local.engine import EngineUnavailable

    plan = Plan(engine, batches, shards, designs, rounds, numbers)
    with reporting_errors(unreachable=(EngineUnavailable, NotGapless, NotInstalled, WorkerFailed)):
        show_designs(asyncio.run(bench_numbering(plan, show_progress)), output)
