"""The end of an outage that a local stack simulates."""

import json
from pathlib import Path

import click

from gapless.control import NotDone, ask
from gapless.options import endpoint_option, output_option
from gapless.terminal import print_line, reporting_errors


@click.group("outage")
def outage() -> None:
    """End the outage that `gapless up --outage 25h` simulates."""


@outage.command("end")
@endpoint_option
@output_option
def end_outage(endpoint: Path | None, output: str) -> None:
    """Have the functions invoked again, as after an outage of that length.

    Of what the stream announced it has lost what is older than 24 hours, and the mapping gives up on what is older than
    its MaximumRecordAgeInSeconds. `lost` requests wait for the sweeper: for its next turn, or for `gapless sweep`.
    """
    with reporting_errors(usage=(NotDone,)):
        done = ask(endpoint, "POST", "/outage/end")
    print_line(
        json.dumps(done) if output == "json" else f"the stream has lost {done['lost']} records, {done['left']} left"
    )
