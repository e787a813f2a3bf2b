"""The commands about counters, thin: gapless counter create, set, show, list, plan."""

import json
from pathlib import Path
from typing import Any

import click

from gapless.options import counter_options, output_option, target_options
from gapless.target import find_target
from gapless.terminal import print_line, reporting_errors, show_counters


@click.group("counter")
def counter() -> None:
    """Make, look at and change counters."""


@counter.command("create")
@click.argument("name")
@counter_options
@target_options
@output_option
def create_counter(
    name: str, dry_run: bool, stack: str | None, endpoint: Path | None, output: str, **options: Any
) -> None:
    """Create a counter NAME."""
    from gapless.counters import Counter, CounterError, Counters, Options, check_name

    with reporting_errors(usage=(CounterError,)):
        wanted = Options(**{key: value for key, value in options.items() if value is not None})
        check_name(name)
        wanted.check()
        created = Counter(name, 0, wanted) if dry_run else Counters(find_target(endpoint, stack)).create(name, wanted)
        show_counters([created.document()], output)


@counter.command("set")
@click.argument("name")
@counter_options
@target_options
@output_option
def set_counter(
    name: str, dry_run: bool, stack: str | None, endpoint: Path | None, output: str, **options: Any
) -> None:
    """Change the options of counter NAME; once it has handed out numbers, only its last bound."""
    from dataclasses import replace

    from gapless.counters import CounterError, Counters, check_change

    with reporting_errors(usage=(CounterError,)):
        counters = Counters(find_target(endpoint, stack))
        before = counters.show(name)
        wanted = replace(before.options, **{key: value for key, value in options.items() if value is not None})
        check_change(before, wanted)
        after = replace(before, options=wanted) if dry_run else counters.set(name, wanted)
        show_counters([after.document()], output)


@counter.command("show")
@click.argument("name")
@target_options
@output_option
def show_counter(name: str, stack: str | None, endpoint: Path | None, output: str) -> None:
    """Show counter NAME."""
    from gapless.counters import CounterError, Counters

    with reporting_errors(usage=(CounterError,)):
        show_counters([Counters(find_target(endpoint, stack)).show(name).document()], output)


@counter.command("list")
@target_options
@output_option
def list_counters(stack: str | None, endpoint: Path | None, output: str) -> None:
    """Show every counter."""
    from gapless.counters import CounterError, Counters

    with reporting_errors(usage=(CounterError,)):
        counters = sorted(Counters(find_target(endpoint, stack)).list(), key=lambda one: one.name)
        show_counters([one.document() for one in counters], output)


@counter.command("plan")
@click.argument("name")
@click.option("--regions", required=True, metavar="REGION,REGION,...", help="Where the counter is to be.")
@click.option("--stack", default="gapless", show_default=True, metavar="NAME", help="What the stack is called there.")
@output_option
def plan_counter(name: str, regions: str, stack: str, output: str) -> None:
    """Print the commands that make counter NAME in several regions, so that no number comes up in two."""
    from gapless.counters import CounterError, check_name, plan_regions

    with reporting_errors(usage=(CounterError,)):
        check_name(name)
        for region, options in plan_regions(regions.split(",")).items():
            choice = f"--start {options.start} --increment {options.increment}"
            command = f"AWS_REGION={region} gapless counter create {name} {choice} --stack {stack}"
            document = {"region": region, "start": options.start, "increment": options.increment, "command": command}
            print_line(json.dumps(document) if output == "json" else command)
