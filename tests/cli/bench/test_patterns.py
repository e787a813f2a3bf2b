"""`gapless bench patterns` as a person or a script asks for it, small."""

import json
import os
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gapless.bench.names import PATTERNS
from gapless.bench.patterns import TITLES, Pattern, show_patterns
from gapless.bench.readback import count_gaps, count_twins

Result = subprocess.CompletedProcess[str]
Row = dict[str, Any]
KEYS = {
    *("pattern", "engine", "batch", "workers", "requests_per_number", "wcu_per_number", "rcu_per_number"),
    *("conflicts_per_number", "numbers_per_second", "numbers_per_second_range", "crashes", "gaps", "twins", "changed"),
}
SVG = "{http://www.w3.org/2000/svg}"
PNG = b"\x89PNG\r\n\x1a\n"

needs_matplotlib = pytest.mark.skipif(find_spec("matplotlib") is None, reason="no matplotlib: make setup")


def bench_patterns(*arguments: str, **environment: str) -> Result:
    """Run the command."""
    command = [sys.executable, "-m", "gapless", "bench", "patterns", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, env=os.environ | environment
    )


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Every pattern, one at a time and in batches, two workers."""
    result = bench_patterns(
        *("--batches", "1,10", "--workers", "2", "--rounds", "1", "--numbers", "60", "--output", "json")
    )
    assert result.returncode == 0, result.stderr
    measured: list[Row] = json.loads(result.stdout)
    return measured


def of(rows: list[Row], batch: int) -> dict[str, Row]:
    """By pattern."""
    return {row["pattern"]: row for row in rows if row["batch"] == batch}


def test_there_is_an_object_for_each_pattern_batch_and_number_of_workers(rows: list[Row]) -> None:
    assert all(row.keys() == KEYS for row in rows)
    assert Counter((row["pattern"], row["batch"], row["workers"]) for row in rows) == Counter(
        (pattern, batch, 2) for pattern in PATTERNS for batch in (1, 10)
    )


def test_they_cost_what_they_are_known_to(rows: list[Row]) -> None:
    singly, batched = of(rows, 1), of(rows, 10)
    assert (batched["naive"]["wcu_per_number"], batched["naive"]["conflicts_per_number"]) == (2, 0)
    assert batched["optimistic"]["requests_per_number"] >= 3
    assert batched["transaction-per-item"]["wcu_per_number"] >= 4
    assert batched["transaction"]["wcu_per_number"] >= 2.2
    assert singly["transaction"]["wcu_per_number"] >= 4
    assert batched["lanes"]["wcu_per_number"] <= 1.2
    assert batched["lanes"]["conflicts_per_number"] == 0


def test_an_atomic_counter_leaves_gaps_after_a_crash_and_changes_numbers(rows: list[Row]) -> None:
    naive, optimistic = of(rows, 10)["naive"], of(rows, 10)["optimistic"]
    # The i-th of five numbers is taken at call 2i, and written at call 2i + 1: what was taken before the crash is lost,
    # and what was written is written over.
    assert naive["crashes"] == 20
    assert naive["gaps"] == sum(taken for i in range(5) for taken in (i, i + 1, i + 1, i + 1))
    assert naive["changed"] == sum(written for i in range(5) for written in (i, i, i, i + 1))
    assert optimistic["gaps"] > 0
    assert optimistic["changed"] == 0


def test_transactions_and_lanes_leave_neither_gap_nor_twin(rows: list[Row]) -> None:
    for pattern in ("transaction-per-item", "transaction", "lanes"):
        row = of(rows, 10)[pattern]
        assert row["crashes"] > 0
        assert (row["gaps"], row["twins"], row["changed"]) == (0, 0, 0), pattern


@pytest.mark.parametrize(
    ("numbers", "value", "gaps", "twins"),
    [
        ([2, 1, 3], 3, 0, 0),
        ([1, 4, None], 4, 2, 0),
        ([1, 1, 2, 2, 2, None, None], 3, 1, 2),
        ([], 0, 0, 0),
    ],
)
def test_gaps_and_twins_are_counted_apart(numbers: list[int | None], value: int, gaps: int, twins: int) -> None:
    assert (count_gaps(numbers, value), count_twins(numbers)) == (gaps, twins)


def invent() -> list[Pattern]:
    """Figures that nobody has measured."""
    return [
        Pattern(pattern, "embedded", batch, workers, 2, 2.5, 0.1, 0.2, 100 * workers, (90, 110 * workers), 40, 20, 0, 8)
        for batch in (1, 10)
        for workers in (1, 4)
        for pattern in PATTERNS
    ]


def test_the_tables_are_as_wide_as_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_patterns(invent(), "text")
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert "…" not in printed
    for title in TITLES.values():
        assert printed.count(f" {title} ") == 4 + 1  # the cells, and what crashes leave behind
    *cells, crashes = (line.split() for line in printed.splitlines() if " lanes " in line)
    assert cells[-1] == ["10", "x", "4", "lanes", "2.00", "2.50", "0.10", "0.20", "400"]
    assert crashes == ["lanes", "40", "20", "0", "8"]


@pytest.mark.everything
@needs_matplotlib
def test_a_plot_is_an_svg_with_text_in_it_the_same_each_time(tmp_path: Path) -> None:
    from gapless.bench.plot import plot_patterns

    for name in ("a.svg", "b.svg"):
        plot_patterns(invent(), tmp_path / name)
    root = ElementTree.fromstring((tmp_path / "a.svg").read_text())  # noqa: S314 - our own
    assert root.tag == f"{SVG}svg"
    texts = {"".join(one.itertext()) for one in root.iter(f"{SVG}text")}
    assert {"one at a time", "batches of 10", "write units a number"} <= texts
    assert "lanes (a crash: 0.5 gaps, 0.2 changed)" in texts
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.everything
@needs_matplotlib
def test_or_a_png(tmp_path: Path) -> None:
    from gapless.bench.plot import plot_patterns

    plot_patterns(invent(), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(PNG)


@pytest.mark.everything
@needs_matplotlib
def test_the_command_draws_what_it_has_measured(tmp_path: Path) -> None:
    file = tmp_path / "plot.svg"
    result = bench_patterns(
        *("--batches", "10", "--workers", "1", "--rounds", "1", "--numbers", "20", "--plot", str(file))
    )
    assert result.returncode == 0, result.stderr
    assert "lanes" in result.stdout
    assert "lanes (a crash: no gap, no twin)" in file.read_text()


def test_without_matplotlib_it_says_at_once_where_to_get_it(tmp_path: Path) -> None:
    absent = tmp_path / "matplotlib.py"
    absent.write_text("""raise ModuleNotFoundError("No module named 'matplotlib'")""")
    result = bench_patterns("--plot", str(tmp_path / "plot.svg"), PYTHONPATH=str(tmp_path))
    assert result.returncode == 2
    assert "No module named 'matplotlib'" in result.stderr
    assert "gapless[plot]" in result.stderr
    assert "round" not in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--plot", "plot.pdf", "plot.pdf does not end in .png or .svg"),
        ("--plot", "nowhere/plot.svg", "there is no folder nowhere"),
        ("--workers", "0", "is not a list of numbers"),
        ("--engine", "aws", "is not one of"),
    ],
)
def test_wrong_usage_is_exit_code_2(option: str, value: str, message: str) -> None:
    result = bench_patterns(option, value)
    assert result.returncode == 2
    assert message in " ".join(result.stderr.split())
