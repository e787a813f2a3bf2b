"""The figures of docs/operations.md are those that its formulas give."""

import re

import pytest

from tests.operations import cost, scale
from tests.operations.cost import KB, Workload
from tests.operations.runbook import PROSE, ROOT, TEXT
from tests.template.declared import TEMPLATE

ON_THE_DASHBOARD = {
    "calls": "apiCalls",
    "writes": "writeUnits",
    "reads": "readUnits",
    "invocations": "lambdaRequests",
    "milliseconds": "lambdaDuration",
    "bytes": "logIngestion",
}
NUMBERING = (ROOT / "docs/numbering.md").read_text()


@pytest.mark.parametrize("name", cost.tables())
def test_a_table_of_costs_is_as_computed(name: str) -> None:
    assert cost.tables()[name] in TEXT, f"put this in docs/operations.md:\n{cost.tables()[name]}"


def test_the_table_of_scale_is_as_computed() -> None:
    table = "\n".join(scale.rows())
    assert table in TEXT, f"put this in docs/operations.md:\n{table}"


def test_units_are_those_that_were_measured() -> None:
    (measured,) = re.findall(
        r"^\| write units \| 2\.00 \|.*\*\*[\d.]+ / ([\d.]+) / [\d.]+\*\* \|$", NUMBERING, re.MULTILINE
    )
    assert round(1 + cost.COMMIT_UNITS[99] / 99, 3) == pytest.approx(float(measured), abs=0.001)


def test_the_dashboard_has_the_same_prices() -> None:
    factors = {name: float(factor) for name, factor in re.findall(r"(\w+) \* ([\d.]+) / 1?[02]", TEMPLATE.read_text())}
    prices = {name: cost.PRICES[ours]["usd"] for name, ours in ON_THE_DASHBOARD.items()}
    assert factors == prices


def test_prices_have_a_source_and_a_date() -> None:
    assert all(one["source"].startswith("https://aws.amazon.com/") for one in cost.PRICES.values())
    assert "looked up on 2026-11-22" in PROSE


def test_the_largest_body_of_one_unit() -> None:
    (largest,) = re.findall(r"A body of up to (\d+) bytes fits an item of 1 KB", PROSE)
    assert Workload(body_bytes=int(largest)).item_units == 1
    assert Workload(body_bytes=int(largest) + 1).item_units == 2


def test_figures_in_the_text() -> None:
    a_sweep = (
        cost.by_sweeps(1, 1)
        - cost.by_sweeps(0, 1)
        - cost.price("lambdaDuration", cost.SCAN_SECONDS_A_GB * cost.MEMORY_GB)
    )
    assert f"{a_sweep:.4f} dollars a GB and sweep" in PROSE
    assert f"{a_sweep * cost.SWEEPS_A_MONTH:.0f} dollars a GB and month" in PROSE
    assert f"some {round(scale.shard_numbers(), -1):.0f} requests a second" in PROSE
    assert round(scale.swept_requests() / cost.MILLION, -1) == 70
    rates = [round(scale.sustained_rate(days) / 5) * 5 for days in (1, 7, 30)]
    assert f"sustained {rates[0]} requests a second at `RetentionDays=1`, {rates[1]} at 7 and {rates[2]} at 30" in PROSE
    assert f"item = body + {Workload().item_bytes - KB} bytes" in PROSE
