"""Bugs in what work() keeps of a request, and in what the stream says of that."""

from tests.faults.planted.bug import FINAL, LIVE, UNIT, bug

PROGRESS = f"{UNIT}/test_progress.py"
TOO_LATE = f"{PROGRESS}::test_a_save_for_a_request_that_waits_no_more_changes_nothing"

SAVES = [
    bug("a save has its request worked on once more", LIVE, "expressions",
        'KEEP_PROGRESS = "SET #progress = :progress, #saved = :saved"',
        'KEEP_PROGRESS = "SET #progress = :progress"',
        f"{PROGRESS}::test_a_save_is_announced_to_nobody_and_a_touch_after_it_is"),
    bug("a request that was worked on is never announced again", LIVE, "expressions",
        "SET #resentAt = :resentAt REMOVE #saved ADD", "SET #resentAt = :resentAt ADD",
        f"{PROGRESS}::test_a_save_is_announced_to_nobody_and_a_touch_after_it_is"),
    bug("a save brings back what was deleted", FINAL, "expressions",
        "return express(KEEP_PROGRESS, CAN_BE_STAMPED, values)",
        'return express(KEEP_PROGRESS, f"({IS_GONE} OR {CAN_BE_STAMPED})", values)',
        f"{TOO_LATE}[ministack-deleted]"),
    bug("a save is written on whoever has the id", FINAL, "expressions",
        "return express(KEEP_PROGRESS, CAN_BE_STAMPED, values)", "return express(KEEP_PROGRESS, IS_WAITING, values)",
        f"{TOO_LATE}[ministack-another]"),
    bug("a save is written over an answer", FINAL, "expressions",
        "return express(KEEP_PROGRESS, CAN_BE_STAMPED, values)", "return express(KEEP_PROGRESS, IS_MEANT, values)",
        f"{TOO_LATE}[ministack-numbered]"),
    bug("what was kept is read of whoever has the id", FINAL, "requests_table",
        'if item.get("receivedAt") == n(operation.received_at))', 'if "requestId" != "progress")',
        f"{PROGRESS}::test_what_another_request_has_kept_is_not_found"),
    bug("what was kept takes the room of the result", FINAL, "stamping",
        "        replace(stamp.verdict, result=NO_RESULT.result)", "        NO_RESULT",
        f"{UNIT}/test_writing.py::test_what_was_kept_goes_with_a_result_that_was_too_large_too"),
]  # fmt: skip
