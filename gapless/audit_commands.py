"""The commands that check the tables and mend them, thin: gapless audit, reconcile."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gapless.options import output_option, target_options
from gapless.target import find_target
from gapless.terminal import FAILED, print_line, reporting_errors, show_progress

if TYPE_CHECKING:
    from gapless.audit.findings import Account, Report
    from gapless.audit.retention import Retention
    from gapless.target import Target


def scope_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which counters, and what is known of requests that are missing."""
    for option in (
        click.option("--none-expired", is_flag=True, help="No request of the stack has expired yet."),
        click.option("--retention", type=click.IntRange(1), metavar="DAYS", help="The shortest RetentionDays ever."),
        click.option("--all", "every", is_flag=True, help="Every counter."),
        click.argument("counter", required=False),
    ):
        command = option(command)
    return command


@click.command()
@scope_options
@target_options
@output_option
def audit(
    counter: str | None,
    every: bool,
    retention: int | None,
    none_expired: bool,
    stack: str | None,
    endpoint: Path | None,
    output: str,
) -> None:
    """Check that no number of COUNTER is missing or given twice, and that its requests are as they should be.

    Reads the whole table, while the stack goes on, and changes nothing. Exit code 1 when something is wrong.
    """
    from gapless.audit.reading import audit as run

    check_scope(counter, every)
    with reporting_audit_errors():
        target = find_target(endpoint, stack)
        report = run(target, counter, known_retention(target, retention, none_expired), show_progress).report
    show_report(report, output)
    sys.exit(FAILED if report.findings else 0)


@click.command()
@scope_options
@click.option("--yes", is_flag=True, help="Repair; otherwise only say what would be done.")
@target_options
@output_option
def reconcile(
    counter: str | None,
    every: bool,
    retention: int | None,
    none_expired: bool,
    yes: bool,
    stack: str | None,
    endpoint: Path | None,
    output: str,
) -> None:
    """After a point-in-time restore: find where COUNTER and its requests are out of step, say so, and repair it.

    With --yes nothing may be numbered meanwhile: stop the processor's event source mapping and the sweeper's schedule,
    and wait until their last invocations have ended (15 minutes at the most). Exit code 1 when something is left wrong.
    """
    from gapless.audit.reading import audit as run
    from gapless.audit.reconcile import explain_rest, plan_repairs
    from gapless.audit.repairing import repair_all

    check_scope(counter, every)
    with reporting_audit_errors():
        target = find_target(endpoint, stack)
        kept = known_retention(target, retention, none_expired)
        found = run(target, counter, kept, show_progress)
        repairs = plan_repairs(found.audit, found.counters, time.time_ns() // 1_000_000)
        if yes:
            repair_all(target, repairs, show_progress)
            show_progress("looking again")
            again = run(target, counter, kept, show_progress)
            rest = list(explain_rest(again.audit, again.report))
        else:
            rest = list(explain_rest(found.audit, found.report))
    steps = [text for repair in repairs for text in repair.explain()]
    show_repairs(steps, rest, output, done=yes)
    sys.exit(FAILED if any(wrong for wrong, _ in rest) or (steps and not yes) else 0)


def check_scope(counter: str | None, every: bool) -> None:
    """Raise click.UsageError unless a counter is named, or all are meant."""
    if every == (counter is not None):
        raise click.UsageError("name a counter, or say --all")


@contextmanager
def reporting_audit_errors() -> Iterator[None]:
    """reporting_errors, with what can go wrong in an audit."""
    from botocore.exceptions import BotoCoreError, ClientError

    from gapless.audit.reading import Setback, UnknownCounter
    from gapless.audit.repairing import Overtaken

    with reporting_errors(usage=(UnknownCounter,), unreachable=(BotoCoreError, ClientError, Overtaken, Setback)):
        yield


def show_repairs(steps: Sequence[str], rest: Sequence[tuple[bool, str]], output: str, *, done: bool) -> None:
    """What was repaired or would be, and what is left: whether it is wrong, and the words."""
    if output == "json":
        wrong, notes = ([text for is_wrong, text in rest if is_wrong is which] for which in (True, False))
        print_line(json.dumps({"done": done, "repairs": list(steps), "wrong": wrong, "notes": notes}))
        return
    for text in steps:
        print_line(f"{'REPAIRED' if done else 'WOULD REPAIR'} {text}")
    for is_wrong, text in rest:
        print_line(f"{'WRONG' if is_wrong else 'NOTE'} {text}")
    if steps and not done:
        print_line("Nothing was changed. Stop the processor and the sweeper, then say --yes")
    if not any([*steps, *(is_wrong for is_wrong, _ in rest)]):
        print_line("counters and requests are in step")
        if not done:
            print_line("That a counter was restored need not show. If it was, say --yes all the same")


def known_retention(target: "Target", days: int | None, none_expired: bool) -> "Retention":
    """How long the stack keeps requests. days: the shortest that it ever did, if somebody knows."""
    from gapless.audit.retention import Retention

    known = [one for one in (days, target.retention_days) if one]
    return Retention(min(known) if known else target.retention_days, target.failed_retention_days, none_expired)


def show_report(report: "Report", output: str) -> None:
    """What an audit has seen and found: a line a counter, a line a finding; or one of JSON."""
    if output == "json":
        print_line(json.dumps(report.document()))
        return
    print_line(f"{report.items:,} requests read in {report.seconds:.1f} s, {report.pending:,} of them wait")
    for account in report.accounts:
        print_line(describe(account))
    for finding in report.findings:
        print_line(f"WRONG {finding.sentence()}")
    if not report.findings:
        print_line("nothing is wrong")


def describe(account: "Account") -> str:
    """A counter in a line."""
    if account.unchecked:
        return f"{account.counter}: not checked: {account.unchecked}"
    parts = [f"{account.value:,} handed out", f"{account.numbered:,} on requests"]
    if account.writing:
        parts.append(f"{account.writing:,} being written")
    if account.expired:
        runs = ", ".join(f"{first}..{last}" for first, last in account.expired_runs)
        parts.append(f"{account.expired:,} expired, which cannot be checked: {runs}")
    return f"{account.counter}: {', '.join(parts)}"
