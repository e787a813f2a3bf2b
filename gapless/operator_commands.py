"""The commands that look after a stack, thin: gapless status, pending, logs, sweep, verify."""

import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import click

from gapless.options import Duration, output_option, target_options
from gapless.target import find_target
from gapless.terminal import (
    AWS_ERRORS,
    FAILED,
    print_line,
    reporting_errors,
    show_progress,
    show_table,
)

SOURCES = ("processor", "sweeper", "ticket", "api")  # of logs


@click.command()
@click.option("--scan", is_flag=True, help="Count a deployed stack's requests by reading the whole table.")
@target_options
@output_option
def status(scan: bool, stack: str | None, endpoint: Path | None, output: str) -> None:
    """Show at a glance how a stack is: what waits, how far behind the stream is, what failed, and each counter.

    Of a deployed stack what waits is the sweeper's last count. Exit code 1 when something is wrong: an alarm rings, the
    event source mapping is not enabled, fails, or is over 60 s behind, a request has waited over 300 s, or the failure
    queue is not empty. May cloudformation:DescribeStacks and ListStackResources, lambda:GetEventSourceMapping,
    cloudwatch:GetMetricData and DescribeAlarms, sqs:GetQueueAttributes, dynamodb:Scan of the counters (and with --scan
    of the requests).
    """
    from gapless.status import read_status

    with reporting_errors(unreachable=AWS_ERRORS):
        found = read_status(find_target(endpoint, stack), scan=scan)
    document = found.document()
    if output == "json":
        print_line(json.dumps(document))
    else:
        for name, value in found.lines():
            print_line(f"{name:<14} {value}")
        show_table(
            [{name: one[name] for name in ("counter", "value", "count", "allocation")} for one in found.counters]
        )
        for problem in found.problems:
            print_line(f"! {problem}")
    sys.exit(FAILED if found.problems else 0)


@click.command()
@click.option(
    "--older-than", type=click.IntRange(0), metavar="SECONDS", help="Only those that have waited for so long."
)
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1), help="Show the oldest, so many at most."
)
@target_options
@output_option
def pending(older_than: int | None, limit: int, stack: str | None, endpoint: Path | None, output: str) -> None:
    """Show the requests that wait for their number, the oldest first.

    Exit code 1 when --older-than is given and there are such requests. Reads the whole requests table, and may
    dynamodb:Scan it.
    """
    from gapless.pending import find_pending

    with reporting_errors(unreachable=AWS_ERRORS):
        found = find_pending(find_target(endpoint, stack), older_than or 0, limit, show_progress)
    document = found.document()
    if output == "json":
        print_line(json.dumps(document, ensure_ascii=False))
    else:
        show_table(document["requests"])
        oldest = "" if found.oldest is None else f", the oldest for {found.oldest:.1f} s"
        print_line(f"{found.count} waiting{oldest}")
    sys.exit(FAILED if older_than is not None and found.count else 0)


@click.command()
@click.argument("sources", metavar="[processor|sweeper|ticket|api]...", nargs=-1, type=click.Choice(SOURCES))
@click.option("--request", "request_id", metavar="ID", help="Only lines that mention this request.")
@click.option("--since", default="15m", show_default=True, type=Duration(), help="How far back.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@target_options
@output_option
def logs(
    sources: tuple[str, ...],
    request_id: str | None,
    since: int,
    follow: bool,
    stack: str | None,
    endpoint: Path | None,
    output: str,
) -> None:
    """Show what the functions and the API have logged, a line each; --output json shows the lines as they were written.

    Without a source all there are. Times are UTC. A local stack has no access log (api). May
    cloudformation:DescribeStacks and ListStackResources, logs:FilterLogEvents.
    """
    from gapless.logs import NoLog, read_logs

    with reporting_errors(usage=(NoLog,), unreachable=AWS_ERRORS), suppress(KeyboardInterrupt):
        target = find_target(endpoint, stack)
        for line in read_logs(target, sources or SOURCES, time.time() - since, request_id, follow=follow):
            if (text := line.text if output == "json" else line.render()) is not None:
                print_line(text)


@click.command()
@click.option("--resend-after", type=click.IntRange(0), metavar="SECONDS", help="Over the stack's SweepAfterSeconds.")
@target_options
@output_option
def sweep(resend_after: int | None, stack: str | None, endpoint: Path | None, output: str) -> None:
    """Find what the stream has lost: finish what is numbered, send what waits through the stream again.

    Does now what the stack does on its schedule. Safe at any time, and any number of times.
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
