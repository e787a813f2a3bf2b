"""The shards of a running local stack's stream: show them, split one, merge two."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from gapless.control import NotDone, ask
from gapless.options import endpoint_option, output_option
from gapless.terminal import print_line, reporting_errors


@click.group("shards")
def shards() -> None:
    """Look at, split and merge the shards of a local stack's stream, as AWS does when the load changes."""


@shards.command("list")
@endpoint_option
@output_option
def list_shards(endpoint: Path | None, output: str) -> None:
    """Show every shard that is open, or closed with records left."""
    with reporting_errors():
        found: list[dict[str, Any]] = ask(endpoint, "GET", "/shards")["shards"]
    for shard in found:
        line = f"{shard['shardId']}  {shard['hashes']}  {shard['status']:<6} {shard['unfinished']:>5} unfinished"
        print_line(json.dumps(shard) if output == "json" else f"{line}  {shard['function']}")


@shards.command("split")
@click.argument("shard", metavar="ID")
@endpoint_option
@output_option
def split_shard(shard: str, endpoint: Path | None, output: str) -> None:
    """Close shard ID and open two, one for each half of its hashes."""
    with reporting_errors(usage=(NotDone,)):
        show_opened(ask(endpoint, "POST", f"/shards/{quote(shard, safe='')}/split"), output)


@shards.command("merge")
@click.argument("shards", metavar="ID ID", nargs=2)
@endpoint_option
@output_option
def merge_shards(shards: tuple[str, str], endpoint: Path | None, output: str) -> None:
    """Close two shards whose hashes adjoin and open one for both."""
    with reporting_errors(usage=(NotDone,)):
        show_opened(ask(endpoint, "POST", "/shards/merge", {"shards": list(shards)}), output)


def show_opened(document: dict[str, Any], output: str) -> None:
    """The shards that were opened: a line each, or the document."""
    for line in [json.dumps(document)] if output == "json" else document["opened"]:
        print_line(line)
