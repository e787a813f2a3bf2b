"""The commands about requests that FAILED, thin: gapless failed list, show; gapless requeue."""

import json
import sys
from heapq import nlargest
from pathlib import Path

import click

from gapless.options import output_option, target_options
from gapless.target import find_target
from gapless.terminal import AWS_ERRORS, FAILED, print_line, reporting_errors, show_progress, show_table, show_time

WORDS = {
    "possible": "would be requeued",
    "done": "requeued as",
    "before": "requeued before as",
    "refused": "cannot be requeued:",
}

counter_option = click.option("--counter", metavar="NAME", help="Only requests of this counter.")
code_option = click.option("--code", metavar="CODE", help="Only requests that ended with this code.")


@click.group("failed")
def failed() -> None:
    """Look at the requests that ended FAILED."""


@failed.command("list")
@counter_option
@code_option
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1), help="The newest, at the most so many."
)
@target_options
@output_option
def list_failed(
    counter: str | None, code: str | None, limit: int, stack: str | None, endpoint: Path | None, output: str
) -> None:
    """Show which requests FAILED and why, the newest first.

    Reads the whole requests table, and may dynamodb:Scan it.
    """
    from gapless.failures import list_failures

    with reporting_errors(unreachable=AWS_ERRORS):
        found = list_failures(find_target(endpoint, stack), counter, code, show_progress)
        newest = nlargest(limit + 1, found, key=lambda one: one.completed_at or 0)
    documents = [failure.document() for failure in newest[:limit]]
    if output == "json":
        for document in documents:
            print_line(json.dumps(document, ensure_ascii=False))
    else:
        show_table([one | {"completedAt": show_time(one["completedAt"])} for one in documents])
    if not newest:
        show_progress("there are none")
    if len(newest) > limit:
        show_progress(f"there are more than these {limit}: see --limit")


@failed.command("show")
@click.argument("request_id", metavar="ID")
@target_options
@output_option
def show_failed(request_id: str, stack: str | None, endpoint: Path | None, output: str) -> None:
    """Show everything that is stored of a FAILED request, its body included. May dynamodb:GetItem."""
    from gapless.failures import NotFailed, show_failure

    with reporting_errors(usage=(NotFailed,), unreachable=AWS_ERRORS):
        document = show_failure(find_target(endpoint, stack), request_id)
    if output == "json":
        print_line(json.dumps(document, ensure_ascii=False))
        return
    for name, value in sorted(document.items(), key=lambda one: (one[0] == "request", one[0])):
        print_line(f"{name:<12} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")


@click.command("requeue")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every FAILED request that was not requeued yet.")
@counter_option
@code_option
@click.option("--yes", is_flag=True, help="Do it. Without it nothing is changed.")
@target_options
@output_option
def requeue(
    ids: tuple[str, ...],
    everything: bool,
    counter: str | None,
    code: str | None,
    yes: bool,
    stack: str | None,
    endpoint: Path | None,
    output: str,
) -> None:
    """Submit the bodies of FAILED requests again, each as a new request of the same counter.

    Without --yes it only says what it would do. Twice is once: what was requeued already is not submitted again. GET
    shows the new request's id as `requeuedAs` of the old one, and the old one's as `requeueOf` of the new one.
    Exit code 1 when one of them cannot be requeued. May dynamodb:GetItem, PutItem and UpdateItem; --all may Scan.
    """
    from gapless.failures import list_failures
    from gapless.requeue import requeue_all

    if bool(ids) == everything:
        raise click.UsageError("name the requests, or --all of them")
    if ids and (counter or code):
        raise click.UsageError("--counter and --code choose among --all; they do not go with ids")
    counts = dict.fromkeys(WORDS, 0)
    with reporting_errors(unreachable=AWS_ERRORS):
        target = find_target(endpoint, stack)
        # All are found before the first is requeued, which might have FAILED again by the time it is come across.
        chosen = [*dict.fromkeys(ids)] or [
            one.request_id for one in list_failures(target, counter, code, show_progress) if not one.requeued_as
        ]
        for one in requeue_all(target, chosen, dry_run=not yes):
            counts[one.outcome] += 1
            line = f"{one.request_id}  {WORDS[one.outcome]} {one.requeued_as or one.reason}"
            print_line(json.dumps(one.document()) if output == "json" else line.rstrip())
    told = [f"{count} {WORDS[outcome].rstrip(':')}" for outcome, count in counts.items() if count]
    show_progress("; ".join(told) or "there are none")
    if counts["possible"]:
        show_progress("nothing was changed: --yes does it")
    sys.exit(FAILED if counts["refused"] else 0)
