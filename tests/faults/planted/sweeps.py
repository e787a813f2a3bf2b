"""Bugs in what the sweeper looks for, sends again and says of it."""

from tests.faults.planted.bug import FINAL, LIVE, REPORTED, UNIT, bug

WAITING = f"{UNIT}/test_sweeper_waiting.py"
ENDED = f"{WAITING}::test_a_request_that_ends_between_the_look_and_the_touch_is_left_alone"
FAILURES = f"{UNIT}/test_sweeper_failures.py"

SWEEPS = [
    bug("a touch makes an item of a request that is gone", FINAL, "expressions",
        'CAN_BE_RESENT = f"{IS_WAITING} AND {WAS_NOT_TOUCHED}"',
        'CAN_BE_RESENT = f"({IS_GONE} OR {IS_WAITING}) AND {WAS_NOT_TOUCHED}"',
        f"{ENDED}[ministack-deleted]"),
    bug("a request that has its end is touched", FINAL, "expressions",
        'CAN_BE_RESENT = f"{IS_WAITING} AND {WAS_NOT_TOUCHED}"',
        'CAN_BE_RESENT = f"(#status <> :pending OR {IS_WAITING}) AND {WAS_NOT_TOUCHED}"',
        f"{ENDED}[ministack-numbered]"),
    bug("two sweepers count one request's touches twice", LIVE, "expressions",
        'WAS_NOT_TOUCHED = "(attribute_not_exists(#resentAt) OR #resentAt <= :before)"',
        'WAS_NOT_TOUCHED = "(attribute_not_exists(#resentAt) OR #resentAt <> :before)"',
        f"{UNIT}/test_requests_table.py::test_a_waiting_request_is_touched_unless_it_was_of_late"),
    bug("an outage of a weekend uses up the re-sends", LIVE, "sweeping",
        "sweep.before(sweep.resend_after * (request.resends + 1))", "sweep.before(sweep.resend_after)",
        f"{UNIT}/test_sweeping.py::test_each_time_a_request_waits_longer"),
    bug("a segment of the table is not looked at", LIVE, "waiting",
        "for segment in range(SEGMENTS)]", "for segment in range(1, SEGMENTS)]",
        f"{UNIT}/test_requests_table.py::test_those_that_wait_are_listed_wherever_they_are"),
    bug("the oldest is that of the last page", REPORTED, "sweeper",
        "times if self.oldest is None else [self.oldest, *times]", "times",
        f"{WAITING}::test_what_waits_is_counted_and_how_long_the_first_has"),
    bug("half a look is told for a whole one", REPORTED, "sweeper",
        "    waiting = None\n    try:", "    waiting = Tally()\n    try:",
        f"{WAITING}::test_without_time_for_everything_it_says_so_and_nothing_that_it_does_not_know"),
    bug("a failure message is gone though the sweep has failed", REPORTED, "sweeper",
        'if done["failed"] and (messages or "source" in event):', 'if done["failed"] and "source" in event:',
        f"{FAILURES}::test_a_sweep_that_fails_leaves_the_message_in_the_queue"),
]  # fmt: skip
