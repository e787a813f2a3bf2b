"""The commands that check the tables and mend them, thin: gapless audit, reconcile."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gapless.options import output_option, target_options
from gapless.target import find_target
from gapless.terminal import FAILED, print_line, reporting_errors, show_progress

if TYPE_CHECKING:
    from gapless.audit.findings import Account, Report
    from gapless.audit.retention import Retention
    from gapless.target import Target


@click.command()
@click.argument("counter", required=False)
@click.option("--all", "every", is_flag=True, help="Every counter.")
@click.option("--retention", type=click.IntRange(1), metavar="DAYS", help="The shortest RetentionDays there ever was.")
@click.option("--none-expired", is_flag=True, help="No request of the stack has expired yet: what is missing is a gap.")
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
    from botocore.exceptions import BotoCoreError, ClientError

    from gapless.audit.reading import Setback, UnknownCounter
    from gapless.audit.reading import audit as run

    if every == (counter is not None):
        raise click.UsageError("name a counter, or say --all")
    with reporting_errors(usage=(UnknownCounter,), unreachable=(BotoCoreError, ClientError, Setback)):
        target = find_target(endpoint, stack)
        _, report = run(target, counter, known_retention(target, retention, none_expired), show_progress)
    show_report(report, output)
    sys.exit(FAILED if report.findings else 0)


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
