"""The suite tested: each planted bug breaks a promise, and the test that guards the promise has to fail."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.local.stack_files import ROOT, replace_in

UNIT = "tests/unit"
CALLS = "tests/faults/test_calls.py"


@dataclass(frozen=True)
class Bug:
    """A change to the processor, the promise it breaks, and the test that is to notice."""

    name: str
    promise: int
    file: str
    old: str
    new: str
    caught_by: str


BUGS = [
    Bug(
        "the counter may have moved",
        2,
        "store.py",
        'IS_UNMOVED = "#value = :seen"',
        'IS_UNMOVED = "#value >= :seen"',
        f"{UNIT}/test_store.py::test_a_counter_that_moved_stops_the_whole_transaction",
    ),
    Bug(
        "refused requests use numbers up",
        2,
        "store.py",
        "taken = sum(stamp.number is not None for stamp in stamps)",
        "taken = len(stamps)",
        f"{CALLS}::test_a_crash_at_every_call",
    ),
    Bug(
        "the counter is advanced in a call of its own",
        2,
        "store.py",
        'self._client.transact_write_items(TransactItems=cast("Any", actions))',
        '[self._client.update_item(**action["Update"]) for action in reversed(actions)]',
        f"{CALLS}::test_a_crash_at_every_call",
    ),
    Bug(
        "the batch is numbered backwards",
        3,
        "numbering.py",
        "waiting = list(decisions)",
        "waiting = list(reversed(decisions))",
        f"{UNIT}/test_numbering.py::test_numbers_follow_the_order_and_refusals_take_none",
    ),
    Bug(
        "a stamp overwrites a stamp",
        4,
        "store.py",
        'CAN_BE_STAMPED = f"{IS_THERE} AND {IS_WAITING} AND {HAS_NO_NUMBER}"',
        'CAN_BE_STAMPED = f"{IS_THERE} AND (#status <> :pending OR {HAS_NO_NUMBER})"',
        f"{UNIT}/test_app.py::test_a_redelivered_batch_gives_the_same_numbers",
    ),
    Bug(
        "a deleted request is brought back by its stamp",
        4,
        "store.py",
        'CAN_BE_STAMPED = f"{IS_THERE} AND {IS_WAITING} AND {HAS_NO_NUMBER}"',
        'CAN_BE_STAMPED = f"(attribute_not_exists(#requestId) OR {IS_WAITING}) AND {HAS_NO_NUMBER}"',
        f"{CALLS}::test_a_request_deleted_before_it_was_numbered_takes_no_number",
    ),
    Bug(
        "decided requests are never dropped",
        4,
        "numbering.py",
        "if one.request.request_id not in setback.decided",
        "if one.request.request_id",
        f"{UNIT}/test_numbering.py::test_decided_requests_are_dropped_and_the_rest_go_on",
    ),
    Bug(
        "a throttled call is taken for lost",
        4,
        "store.py",
        '    "ThrottlingException",\n',
        "",
        f"{CALLS}::test_what_passes_is_waited_out_within_one_delivery",
    ),
    Bug(
        "a request announced twice is settled twice",
        4,
        "app.py",
        "decisions[request_id] = Decision",
        "decisions[sequence] = Decision",
        f"{UNIT}/test_app.py::test_a_request_announced_twice_in_a_batch_is_numbered_once",
    ),
    Bug(
        "a refused request takes a number along",
        5,
        "numbering.py",
        "stamps.append(Stamp(request, verdict, None))",
        "stamps.append(Stamp(request, verdict, ordinal))",
        f"{UNIT}/test_numbering.py::test_numbers_follow_the_order_and_refusals_take_none",
    ),
    Bug(
        "FAILED expires although it is to be kept",
        5,
        "store.py",
        "        if days:\n",
        "        if days >= 0:\n",
        f"{UNIT}/test_store.py::test_failed_has_an_error_and_no_number",
    ),
    Bug(
        "work goes on behind a failure",
        6,
        "app.py",
        "            return list(decisions.values()), [sequence]\n    return",
        "            continue\n    return",
        f"{UNIT}/test_app.py::test_a_batch_stops_at_the_first_failure_and_reports_it",
    ),
    Bug(
        "the first of several is reported, and its neighbours with it",
        6,
        "app.py",
        "if len(records) > 1 and first ==",
        "if len(records) > len(records) and first ==",
        f"{UNIT}/test_app.py::test_the_first_of_several_is_raised_so_that_the_batch_is_halved",
    ),
    Bug(
        "a failure is swallowed",
        6,
        "app.py",
        "            failed.append(unsettled.first.sequence_number)\n",
        "",
        f"{UNIT}/test_app.py::test_a_counter_that_cannot_be_settled_does_not_hold_up_the_other",
    ),
    Bug(
        "a large result makes the request poison",
        6,
        "app.py",
        "if len(result) > request.room:",
        "if len(result) < 0:",
        f"{UNIT}/test_app.py::test_a_result_that_does_not_fit_fails_the_request",
    ),
    Bug(
        "a transaction takes more than DynamoDB does",
        6,
        "numbering.py",
        "if batch and size > TRANSACTION_BYTES:",
        "if batch and size < 0:",
        f"{UNIT}/test_numbering.py::test_transactions_hold_99_requests_and_4_mb",
    ),
]


def run_test(processor: Path, test: str) -> "subprocess.CompletedProcess[str]":
    """Run a test against a processor in another folder."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        f"pythonpath={processor}",
        test,
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.everything
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.promise}: {bug.name}")
def test_every_planted_bug_is_caught(bug: Bug, tmp_path: Path) -> None:
    processor = shutil.copytree(ROOT / "functions/processor", tmp_path / "processor")
    replace_in(processor / bug.file, bug.old, bug.new)
    result = run_test(processor, bug.caught_by)
    assert result.returncode == 1, (
        f"promise {bug.promise} is broken ({bug.name}) and nobody noticed:\n{result.stdout[-3000:]}"
    )


@pytest.mark.everything
def test_without_a_bug_the_same_tests_pass(tmp_path: Path) -> None:
    processor = shutil.copytree(ROOT / "functions/processor", tmp_path / "processor")
    for test in (f"{UNIT}/test_app.py", f"{CALLS}::test_a_crash_at_every_call"):
        result = run_test(processor, test)
        assert result.returncode == 0, result.stdout[-3000:]
