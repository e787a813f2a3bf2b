"""The commands that measure."""

import click

from gapless.options import output_option
from gapless.terminal import reporting_errors, show_progress, show_report


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
