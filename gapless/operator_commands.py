"""The commands that look after a stack, thin: gapless sweep, verify."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from gapless.options import output_option, target_options
from gapless.target import find_target
from gapless.terminal import FAILED, print_line, reporting_errors, show_progress


@click.command()
@click.option("--resend-after", type=click.IntRange(0), metavar="SECONDS", help="Over the stack's SweepAfterSeconds.")
@target_options
@output_option
def sweep(resend_after: int | None, stack: str | None, endpoint: Path | None, output: str) -> None:
    """Find what the stream has lost: finish what is numbered, send what waits through the stream again.

    Does now what the stack does every five minutes. Safe at any time, and any number of times.
    """
    from gapless.sweep import SweepFailed, run_sweeper

    with reporting_errors(unreachable=(SweepFailed,)):
        done = run_sweeper(find_target(endpoint, stack), resend_after)
    if output == "json":
        print_line(json.dumps(done))
        return
    for name, value in done.items():
        print_line(f"{name:<23} {'unknown' if value is None else str(value).lower()}")


@click.command()
@click.option("--requests", default=1000, show_default=True, type=click.IntRange(1))
@click.option("--clients", default=8, show_default=True, type=click.IntRange(1, 64))
@click.option("--patience", default=600, show_default=True, type=click.IntRange(1), metavar="SECONDS")
@target_options
@output_option
def verify(requests: int, clients: int, patience: int, stack: str | None, endpoint: Path | None, output: str) -> None:
    """Send requests to a counter of their own, and check that their numbers are unique and gapless.

    Worth most on a stack deployed for it with KillOneIn=20, whose function dies again and again: never one in use.
    Exit code 1 when a promise is broken.
    """
    from gapless.load import TooSlow
    from gapless.verify import verify as put_to_the_proof

    with reporting_errors(unreachable=(TooSlow,)):
        verdict = put_to_the_proof(find_target(endpoint, stack), requests, clients, patience, show_progress)
    if output == "json":
        print_line(json.dumps(asdict(verdict)))
    else:
        print_line(f"{verdict.numbered} numbered, {verdict.refused} refused, in {verdict.seconds} s; {verdict.counter}")
        print_line(
            f"the function dies at one call in {verdict.dies}" if verdict.dies else "the function was left alone"
        )
        for fault in verdict.faults or ["no number is missing, none was given twice"]:
            print_line(fault)
    sys.exit(FAILED if verdict.faults else 0)
