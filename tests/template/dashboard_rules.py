"""What the dashboard shows. Each rule yields the breaches it finds, in words."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.template.declared import ROOT, Stack
from tests.template.metrics import HANDLERS, why_not_there
from tests.template.query_rules import problems

PRICES: dict[str, Any] = json.loads((ROOT / "docs" / "prices.json").read_text(encoding="utf-8"))
GB = 1024**3
# The terms of the estimate -> the price each goes by, and how many of its units are in one of the metric's.
TERMS = {
    "calls": ("apiCalls", 1.0),
    "writes": ("writeUnits", 1.0),
    "reads": ("readUnits", 1.0),
    "invocations": ("lambdaRequests", 1.0),
    "milliseconds": ("lambdaDuration", 0.5 / 1000),  # seconds of half a GB
    "bytes": ("logIngestion", 1 / GB),
}
TERM = re.compile(r"(\w+) \* ([\d.]+) / (\d+)")
SOURCE = re.compile(r"SOURCE '([^']+)' \| (.+)")
# What the path of a request, the alarms and the runbook speak of.
SHOWN = {
    *("Count", "4XXError", "5XXError", "Latency", "IteratorAge", "Errors", "Throttles", "Duration", "Numbered"),
    *("Rejected", "NumberOfMessagesSent", "Resent", "PendingCount", "OldestPendingAge", "ReadThrottleEvents"),
    *("WriteThrottleEvents", "ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits"),
}


def widgets(stack: Stack, type_: str) -> list[dict[str, Any]]:
    """The properties of the widgets of a type. Raises ValueError for a body that is no JSON."""
    body = json.loads(stack.properties("Dashboard")["DashboardBody"])
    return [one["properties"] for one in body["widgets"] if one["type"] == type_]


def series(widget: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, str], dict[str, Any]]]:
    """Namespace, name, dimensions and options of each metric of a widget that is not an expression."""
    for line in widget["metrics"]:
        *words, options = line
        if words:
            namespace, name, *dimensions = words
            yield namespace, name, dict(zip(dimensions[::2], dimensions[1::2], strict=True)), options


def every_widget_shows_what_is_there(stack: Stack) -> Iterator[str]:
    """Of this stack: metrics, alarms, and lines of its logs."""
    own = {resource.physical_id for resource in stack.resources.values()} | {"test", "v1", *HANDLERS}
    for widget in widgets(stack, "metric"):
        for namespace, name, dimensions, options in series(widget):
            yield from (f"{widget['title']}: {one}" for one in why_not_there(namespace, name, dimensions))
            yield from (
                f"{widget['title']}: {one} is not of this stack" for one in dimensions.values() if one not in own
            )
            if "stat" not in options:
                yield f"{widget['title']}: {name} has no statistic"
    for widget in widgets(stack, "log"):
        group, query = SOURCE.fullmatch(widget["query"]).groups()  # type: ignore[union-attr]
        yield from (f"{widget['title']}: {one}" for one in problems(stack, query, [group]))


def everything_that_matters_is_shown(stack: Stack) -> Iterator[str]:
    """Every alarm, and every metric of SHOWN for itself, not only in an estimate."""
    shown = {
        name
        for widget in widgets(stack, "metric")
        for _, name, _, options in series(widget)
        if options.get("visible", True)
    }
    for name in sorted(SHOWN - shown):
        yield f"{name} is not shown"
    (status,) = widgets(stack, "alarm")
    alarms = {
        f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{stack.resources[name].physical_id}"
        for name, _ in stack.of_type("AWS::CloudWatch::Alarm")
    }
    if set(status["alarms"]) != alarms:
        yield f"alarms that are not shown, or are none: {sorted(set(status['alarms']) ^ alarms)}"


def widgets_do_not_overlap(stack: Stack) -> Iterator[str]:
    """CloudWatch's grid is 24 wide."""
    taken: set[tuple[int, int]] = set()
    for one in json.loads(stack.properties("Dashboard")["DashboardBody"])["widgets"]:
        xs, ys = range(one["x"], one["x"] + one["width"]), range(one["y"], one["y"] + one["height"])
        cells = {(x, y) for x in xs for y in ys}
        if taken & cells or max(xs) >= 24:
            yield f"the widget at {one['x']}, {one['y']} lies over another, or outside"
        taken |= cells


def costs_are_estimated_by_the_prices_of_the_runbook(stack: Stack) -> Iterator[str]:
    """The same prices, of the same day and region."""
    (widget,) = (one for one in widgets(stack, "metric") if "US$" in one["title"])
    if PRICES["region"] not in widget["title"] or PRICES["lookedUp"] not in widget["title"]:
        yield f"the prices are not as the title says, {widget['title']}: {PRICES['lookedUp']}, {PRICES['region']}"
    expressions = {line[0]["id"]: line[0]["expression"] for line in widget["metrics"] if "expression" in line[0]}
    found = {name: float(usd) / float(per) for name, usd, per in TERM.findall(expressions["usd"])}
    expected = {
        name: float(PRICES["prices"][price]["usd"]) / float(PRICES["prices"][price]["per"]) * units
        for name, (price, units) in TERMS.items()
    }
    for name in sorted(found.keys() | expected.keys()):
        if abs(found.get(name, 0.0) / expected.get(name, 1.0) - 1) > 1e-9:
            yield f"one of {name} costs {found.get(name)}, not {expected.get(name)}"
    ids = {options.get("id") for _, _, _, options in series(widget)} | expressions.keys()
    for name in {word for text in expressions.values() for word in re.findall(r"\b[a-z]\w*", text)} - ids:
        yield f"the estimate adds up {name}, which is not there"


RULES = (
    every_widget_shows_what_is_there,
    everything_that_matters_is_shown,
    widgets_do_not_overlap,
    costs_are_estimated_by_the_prices_of_the_runbook,
)
