"""The measurements as a person or a script asks for them, small: that they measure, not what."""

import json
from pathlib import Path
from typing import Any

import pytest

from gapless.bench.readback import is_gapless
from tests.cli.test_commands import gapless

KEYS = {
    *("design", "batch", "shards", "wcu_per_number", "rcu_per_number", "requests_per_number", "failed_per_number"),
    *("numbers_per_second", "ratio_to_naive", "crash_runs", "crash_bad"),
}
Row = dict[str, Any]


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    """Every design once, at 99 a batch and two shards."""
    result = gapless(
        *("bench", "numbering", "--batches", "99", "--shards", "2", "--rounds", "1", "--numbers", "200"),
        *("--output", "json"),
    )
    assert result.returncode == 0, result.stderr
    return {row["design"]: row for row in json.loads(result.stdout)}


def test_every_design_has_a_row(rows: dict[str, Row]) -> None:
    assert list(rows) == ["naive", "optimistic", "transaction", "lanes"]
    assert all(row.keys() >= KEYS for row in rows.values())
    assert {(row["batch"], row["shards"]) for row in rows.values()} == {(99, 2)}


def test_lanes_cost_what_they_promise(rows: dict[str, Row]) -> None:
    lanes = rows["lanes"]
    assert 1 < lanes["wcu_per_number"] <= 1.035
    assert 0 < lanes["requests_per_number"] <= 0.065
    assert (lanes["rcu_per_number"], lanes["failed_per_number"]) == (0, 0)


def test_the_others_cost_what_they_are_known_to(rows: dict[str, Row]) -> None:
    assert (rows["naive"]["wcu_per_number"], rows["naive"]["requests_per_number"]) == (2, 2)
    assert rows["naive"]["ratio_to_naive"] == 1
    assert rows["optimistic"]["wcu_per_number"] >= 2
    assert rows["optimistic"]["rcu_per_number"] >= 1
    assert rows["transaction"]["wcu_per_number"] >= 2 * 100 / 99 - 0.0001


def test_a_crash_leaves_gaps_in_the_plainer_designs_alone(rows: dict[str, Row]) -> None:
    assert {name: row["crash_bad"] > 0 for name, row in rows.items()} == {
        "naive": True,
        "optimistic": True,
        "transaction": False,
        "lanes": False,
    }
    assert rows["naive"]["crash_runs"] == 2 * 2 * 5  # before and after the two calls for each of five
    assert rows["lanes"]["crash_runs"] > 0


def test_the_table_has_the_crashes_beside_the_speed() -> None:
    result = gapless(
        *("bench", "numbering", "--batches", "1", "--shards", "1", "--rounds", "1", "--numbers", "20"),
        *("--designs", "lanes"),
    )
    assert result.returncode == 0, result.stderr
    (line,) = (one for one in result.stdout.decode().splitlines() if "lanes" in one)
    assert line.split()[-1].startswith("0/")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--batches", "1,x", "is not a list of numbers"),
        ("--shards", "0", "is not a list of numbers"),
        ("--designs", "lanes,best", "best: the designs are naive, optimistic"),
        ("--engine", "aws", "is not one of"),
    ],
)
def test_wrong_usage_is_exit_code_2(option: str, value: str, message: str) -> None:
    result = gapless("bench", "numbering", option, value)
    assert result.returncode == 2
    assert message in result.stderr.decode()


def test_a_missing_engine_is_exit_code_3(tmp_path: Path) -> None:
    result = gapless("bench", "numbering", "--engine", "dynamodb-local", folder=tmp_path)
    assert result.returncode == 3
    assert "make dynamodb-local" in result.stderr.decode()


@pytest.mark.parametrize(
    ("numbers", "value", "sound"),
    [
        ([2, 1, 3], 3, True),
        ([1, 3], 3, False),
        ([1, 1, 2], 2, False),
        ([1, None], 1, False),
        ([1, 2], 3, False),
    ],
)
def test_a_gap_a_twin_and_a_request_without_a_number_are_found(
    numbers: list[int | None], value: int, sound: bool
) -> None:
    assert is_gapless(numbers, value) is sound


def test_cold_start_measures_the_processor() -> None:
    result = gapless("bench", "cold-start", "--rounds", "1", "--output", "json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["processor_ms"]["median"] > 0


def test_local_measures_the_stack() -> None:
    result = gapless("bench", "local", "--requests", "20", "--clients", "2", "--rounds", "1", "--output", "json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["ratio"]["median"] > 0
