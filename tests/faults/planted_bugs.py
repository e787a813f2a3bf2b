"""Changes to functions/processor, each of which breaks a promise, and the test that has to notice."""

from dataclasses import dataclass

INTERLEAVINGS = "tests/faults/test_interleavings.py"
ENTRIES = "tests/faults/test_entries.py"
BUSY = "tests/faults/test_busy_counters.py"
CALLS = "tests/faults/test_calls.py"
BOUNDARIES = "tests/faults/test_boundaries.py::test_a_crash_at_every_boundary_and_every_redelivery"
UNIT = "tests/unit"

UNIQUE = "no number twice"
GAPLESS = "no number missing"
ORDERED = "numbers follow the stream"
FINAL = "an answer is final"
BOUNDED = "numbers end where the counter's options say"
HONEST = "FAILED takes no number, and only an answer expires"
LIVE = "whoever waits is numbered some day"
REPORTED = "what fails is reported, and nothing behind it is lost"


@dataclass(frozen=True)
class Bug:
    """changes: old and new text in the file; caught_by: the test that is to fail."""

    name: str
    promise: str
    file: str
    changes: tuple[tuple[str, str], ...]
    caught_by: str


def bug(name: str, promise: str, file: str, old: str, new: str, caught_by: str) -> Bug:
    """One with a single change."""
    return Bug(name, promise, f"{file}.py", ((old, new),), caught_by)


def in_memory(scenario: str) -> str:
    """The interleaving on tables in memory."""
    return f"{INTERLEAVINGS}::test_it_leaves_the_numbers_whole[as it fits-{scenario}]"


def on_engine(scenario: str) -> str:
    """The interleaving on a real engine, which the conditions are DynamoDB's on."""
    return f"{INTERLEAVINGS}::test_it_does_so_on_a_real_engine[{scenario}-as it fits]"


CONDITIONS = [
    bug("numbers are taken by a plain ADD", UNIQUE, "expressions",
        '" AND ".join(conditions), values, commit.lane', '"size(counterName) > :zero", values, commit.lane',
        on_engine("same_delivery_twice")),
    bug("any mark of the lane will do", GAPLESS, "expressions",
        'LANE_IS_UNMOVED = "#lane.#mark = :mark"', 'LANE_IS_UNMOVED = "attribute_exists(#lane.#mark)"',
        on_engine("same_delivery_twice")),
    bug("a lane that is new may be there", GAPLESS, "expressions",
        'LANE_IS_ABSENT = "attribute_not_exists(#lane)"',
        'LANE_IS_ABSENT = "(attribute_not_exists(#lane) OR attribute_exists(#lane))"',
        on_engine("lane_made_twice")),
    bug("any fence will do", GAPLESS, "expressions",
        'FENCE_STANDS = "#fence = :fence"', 'FENCE_STANDS = "attribute_exists(#fence)"',
        on_engine("late_zombie")),
    bug("where there was no fence there may be one", GAPLESS, "expressions",
        'THERE_IS_NO_FENCE = "attribute_not_exists(#fence)"',
        'THERE_IS_NO_FENCE = "(attribute_not_exists(#fence) OR attribute_exists(#fence))"',
        on_engine("zombie_at_the_first_commit")),
    bug("any version will do", GAPLESS, "expressions",
        'NOBODY_COMMITTED = "#version = :version"', 'NOBODY_COMMITTED = "attribute_exists(#version)"',
        on_engine("zombie_between")),
    bug("where there was no version there may be one", GAPLESS, "expressions",
        'NOBODY_EVER_COMMITTED = "attribute_not_exists(#version)"',
        'NOBODY_EVER_COMMITTED = "(attribute_not_exists(#version) OR attribute_exists(#version))"',
        on_engine("zombie_between_at_the_first_commit")),
    bug("a re-sent request depends on its own lane alone", GAPLESS, "expressions",
        "whole_counter_conditions(commit.known) if commit.raises_fence else lane_conditions(commit.known)",
        "lane_conditions(commit.known)",
        on_engine("zombie_between")),
    bug("the room is not asked for", BOUNDED, "expressions",
        'THERE_IS_ROOM = "(attribute_not_exists(#value) OR #value <= :room)"',
        'THERE_IS_ROOM = "(attribute_not_exists(#value) OR #value <> :room OR #value = :room)"',
        on_engine("room_for_one")),
    bug("a counter that is there is made again", BOUNDED, "expressions",
        "conditions.append(IS_ABSENT if commit.create else IS_MADE)",
        "conditions.extend([] if commit.create else [IS_MADE])",
        on_engine("made_by_two")),
    bug("the base is that of the entry before", UNIQUE, "expressions",
        'KEEP_BASE = "#base = if_not_exists(#value, :zero)"',
        'KEEP_BASE = "#base = if_not_exists(#base, :zero)"',
        on_engine("two_batches_cut_short")),
    bug("the version stays", GAPLESS, "expressions",
        'MOVE_VERSION = "#version = if_not_exists(#version, :zero) + :one"',
        'MOVE_VERSION = "#version = if_not_exists(#version, :one)"',
        on_engine("zombie_between")),
    bug("nobody's commit raises the fence", GAPLESS, "expressions",
        '":raise": n(int(commit.raises_fence))', '":raise": n(0)',
        on_engine("late_zombie")),
    bug("pruning does not ask for the fence", GAPLESS, "expressions",
        "[LANE_IS_UNMOVED, FENCE_STANDS, RAISES_SUSPICION", "[LANE_IS_UNMOVED, RAISES_SUSPICION",
        on_engine("two_sweepers")),
    bug("pruning does not ask for the mark", GAPLESS, "expressions",
        "[LANE_IS_UNMOVED, FENCE_STANDS, RAISES_SUSPICION", "[FENCE_STANDS, RAISES_SUSPICION",
        on_engine("sweeper_behind_a_commit")),
    bug("pruning does not raise the fence", GAPLESS, "expressions",
        '":raise": n(1),\n        ":mark"', '":raise": n(0),\n        ":mark"',
        on_engine("zombie_over_a_pruned_lane")),
    bug("pruning leaves verifyUntil where it is", GAPLESS, "expressions",
        "    if raise_verify_until:\n", "    if not raise_verify_until:\n",
        on_engine("replay_over_a_pruned_lane")),
    bug("a stamp is written on whoever has the id", GAPLESS, "expressions",
        """PARTIQL_IS_MEANT = '"receivedAt"=""", """PARTIQL_IS_MEANT = '"receivedAt">=""",
        on_engine("put_again_before_its_stamp")),
    bug("a stamp is written over a stamp", FINAL, "expressions",
        'f"{PARTIQL_IS_MEANT} AND {PARTIQL_IS_WAITING} AND {PARTIQL_HAS_NO_NUMBER} AND {PARTIQL_HAS_NO_ERROR}"',
        'f"{PARTIQL_IS_MEANT}"',
        on_engine("answer_is_final")),
    bug("want of a counter is not checked when it is written", GAPLESS, "requests_table",
        '[{"ConditionCheck": check}, *actions]', "[*actions]",
        on_engine("refusal_races_creation")),
    bug("FAILED has a number", HONEST, "expressions",
        'parts = {"status": {"S": FAILED},', 'parts = {"status": {"S": FAILED}, "number": n(1),',
        f"{CALLS}::test_the_batch_makes_the_calls_that_are_faulted"),
    bug("a touch lets a waiting request expire", HONEST, "expressions",
        '"SET #resentAt = :resentAt ADD', '"SET #resentAt = :resentAt, #ttl = :resentAt ADD',
        f"{CALLS}::test_a_request_that_waits_never_expires"),
]  # fmt: skip

DECISIONS = [
    bug("what is at or below the mark is numbered again", GAPLESS, "verification",
        "request.sequence > mark:", "request.sequence > 0:",
        in_memory("same_batch_again")),
    bug("an id may come twice in a batch", GAPLESS, "verification",
        "if not is_deleted and request.request_id not in seen:", "if not is_deleted:",
        in_memory("put_and_touch_together")),
    bug("of an id that was put twice the first is numbered", UNIQUE, "verification",
        "is_deleted = request.sequence < last_put.get(request.request_id, 0)", "is_deleted = False",
        in_memory("put_again_in_the_same_batch")),
    bug("verifyUntil itself is not under suspicion", GAPLESS, "verification",
        "request.received_at <= known.verify_until", "request.received_at < known.verify_until",
        in_memory("mapping_made_anew")),
    bug("re-sent requests are not looked at", GAPLESS, "verification",
        "batch.lane == NO_SHARD or request.resent or is_under_suspicion(request, known)",
        "batch.lane == NO_SHARD or is_under_suspicion(request, known)",
        in_memory("touched_and_numbered_before")),
    bug("without lanes nobody is looked at", GAPLESS, "verification",
        "batch.lane == NO_SHARD or request.resent or is_under", "request.resent or is_under",
        in_memory("switched_off_before_the_stamp")),
    bug("the entries of other lanes are not looked at", GAPLESS, "verification",
        "(yield from find_owned_elsewhere(batch, counter)) if counter else frozenset()", "frozenset()",
        in_memory("parent_not_stamped")),
    bug("the journals of other lanes are not looked at", GAPLESS, "verification",
        "[entry.owners for entry in others if entry.owners] + journalled",
        "[entry.owners for entry in others if entry.owners]",
        f"{INTERLEAVINGS}::test_it_leaves_the_numbers_whole[always in the journal-parent_not_stamped]"),
    Bug("requests are read before the counter is", GAPLESS, "numbering.py",
        (("    counter: Counter | None = None\n    if known is None",
          "    counter: Counter | None = None\n"
          "    early = yield from verify(batch, None, known or UNKNOWN_COUNTER)\n"
          "    if known is None"),
         ("waiting = yield from verify(batch, counter, known)",
          "waiting = (yield from verify(batch, counter, known)) if attempt else early")),
        in_memory("decided_between_two_looks")),
    Bug("after a conflict nothing is verified again", GAPLESS, "numbering.py",
        (("    for attempt in range(ATTEMPTS):\n        waiting = yield from verify(batch, counter, known)\n",
          "    waiting = yield from verify(batch, counter, known)\n    for attempt in range(ATTEMPTS):\n"),),
        in_memory("late_zombie")),
    bug("the batch is numbered backwards", ORDERED, "decision",
        "    for request in waiting:", "    for request in reversed(waiting):",
        f"{BOUNDARIES}[ninety-nine-cold-as it fits]"),
    bug("work goes on behind a failure", GAPLESS, "decision",
        "            break\n", "            continue\n",
        in_memory("failure_in_the_middle")),
    bug("the mark goes past a failure", REPORTED, "decision",
        "            batch.requests = [one for one in batch.requests if one.sequence < request.sequence]\n", "",
        in_memory("failure_in_the_middle")),
    bug("work() is asked for what was sent again too often", LIVE, "decision",
        "request.resends >= rules.most_resends", "request.resends < 0",
        f"{ENTRIES}::test_a_request_sent_again_too_often_is_refused_before_work_sees_it"),
    bug("room is left for one more", BOUNDED, "decision",
        "if room >= 0 else", "if room >= -1 else",
        f"{BUSY}::test_the_last_numbers_are_given_and_the_rest_are_refused_by_the_entry"),
]  # fmt: skip

COMMITS = [
    bug("a lane's entry is taken for applied", GAPLESS, "numbering",
        "return known is not None and (known.mark,", "return known is None or (known.mark,",
        in_memory("two_batches_cut_short")),
    bug("a mark is taken for the same whatever happened in between", GAPLESS, "numbering",
        "(known.mark, known.fence) == (entry.mark, counter.fence)", "known.mark == entry.mark",
        in_memory("same_mark_again")),
    bug("a raised fence is taken for one's own", GAPLESS, "numbering",
        "if counter and counter.fence == (known.fence or 0) + 1:", "if counter:",
        in_memory("fence_raised_by_another_too")),
    bug("re-sent requests wait for the others to rest", LIVE, "numbering",
        "PATIENT_ATTEMPTS = 2 ", "PATIENT_ATTEMPTS = 1000 ",
        f"{BUSY}::test_a_resent_request_does_not_starve_among_busy_lanes"),
    bug("what is decided beyond the marks raises no fence", GAPLESS, "numbering",
        "raises_fence=bool(outside)", "raises_fence=False",
        in_memory("late_zombie")),
    bug("without lanes no fence is raised", GAPLESS, "numbering",
        "if batch.lane == NO_SHARD or request.resent]", "if request.resent]",
        in_memory("zombie_of_the_lanes")),
    bug("what is decided beyond the marks raises no suspicion", GAPLESS, "numbering",
        "highest = max([lowest, *outside])", "highest = lowest",
        in_memory("mapping_made_anew")),
    bug("the first commit raises no suspicion", GAPLESS, "numbering",
        "lowest = now + CLOCK_SKEW if known.verify_until is None", "lowest = 0 if known.verify_until is None",
        in_memory("refused_before_there_was_a_counter")),
    bug("a lane's newest is forgotten", GAPLESS, "numbering",
        "newest=max(known.newest, *(request", "newest=max(0, *(request",
        in_memory("replay_of_two_that_overtook_each_other")),
    Bug("the journal is written behind the commit", GAPLESS, "numbering.py",
        (("        yield PutJournal(key, owners)\n", ""),
         ("    return answer\n",
          "    if entry.journal:\n        yield PutJournal(entry.journal, owners)\n    return answer\n")),
        f"{ENTRIES}::test_the_journal_is_written_before_the_commit_that_points_to_it"),
    bug("refused requests use numbers up", GAPLESS, "numbering",
        "taken=len(owners.accepted)", "taken=len(owners.ids)",
        in_memory("options_changed_after_refusals")),
    Bug("a lane is known to be applied before its stamps are", GAPLESS, "numbering.py",
        (("    yield from write_stamps(stamps, report)\n", ""),
         ("Known.of(counter, batch.lane))\n",
          "Known.of(counter, batch.lane))\n    yield from write_stamps(stamps, report)\n")),
        in_memory("stamps_unconfirmed")),
    bug("a failure is swallowed", REPORTED, "numbering",
        "batch.failure = some[0], cause", "pass",
        in_memory("stamps_unconfirmed")),
]  # fmt: skip

STAMPS = [
    bug("an entry's numbers begin one too low", UNIQUE, "stamping",
        "counter.number(entry.base + 1 + place)", "counter.number(entry.base + place)",
        in_memory("parent_not_stamped")),
    bug("a number whose request is gone is gone", GAPLESS, "stamping",
        "    yield WriteTombstone(name_tombstone(request_id, counter, number), counter, number)\n",
        "    yield from ()\n",
        in_memory("deleted_before_it_is_applied")),
    bug("an entry is applied to requests that came later", GAPLESS, "stamping",
        "ReadStates(owners.ids, entry.newest)", "ReadStates(owners.ids)",
        in_memory("put_again_before_it_is_applied")),
    bug("a journal item that is gone is taken for empty", GAPLESS, "stamping",
        "        if key not in journals:\n",
        "        if key not in journals:\n            return []\n",
        f"{ENTRIES}::test_a_missing_journal_item_stops_the_lane_and_nothing_is_guessed"),
    bug("a number is taken back when work() changes its mind", GAPLESS, "stamping",
        "        return Stamp(request, verdict, number)\n",
        "        return Stamp(request, verdict, number)\n"
        "    if isinstance(verdict, Refused):\n"
        "        return Stamp(request, verdict, None)\n",
        f"{ENTRIES}::test_a_number_stays_with_a_request_that_work_would_refuse_by_now"),
    bug("an entry waits for a work() that fails for ever", LIVE, "stamping",
        "if not is_late:", "if True:",
        f"{ENTRIES}::test_an_entry_waits_a_quarter_of_an_hour_for_a_work_that_fails_and_no_longer"),
    bug("a throttled stamp is taken for written", REPORTED, "stamping",
        "THROTTLED:\n                again.append(stamp)", "THROTTLED:\n                pass",
        in_memory("stamps_unconfirmed")),
    bug("stamps that were not sent are taken for written", GAPLESS, "requests_table",
        "return [Outcome.THROTTLED] * len(stamps)", "return [Outcome.WRITTEN] * len(stamps)",
        f"{CALLS}::test_what_passes_is_waited_out_within_one_delivery"),
    bug("a throttled call is not made again", REPORTED, "connection",
        '    "ThrottlingException",\n', "",
        f"{CALLS}::test_what_passes_is_waited_out_within_one_delivery"),
    bug("lanes are pruned unapplied", GAPLESS, "sweeping",
        "        yield from apply_entry(counter, entry, sweep.now(), report)\n", "",
        in_memory("parent_not_stamped")),
    Bug("the sweeper numbers by itself", UNIQUE, "sweeping.py",
        (("from operations import Prune, ReadCounter, Resend",
          "from operations import Prune, ReadCounter, ReadRequests, Resend, Stamp, WriteStamps\n"
          "from request import Accepted"),
         ("    return done\n",
          "    for request in (yield ReadRequests((request_id,))).values():\n"
          "        counter = yield ReadCounter(request.counter)\n"
          "        yield WriteStamps((Stamp(request, Accepted('null'), counter.value + 1),))\n"
          "    return done\n")),
        in_memory("fence_raised_by_another_too")),
    bug("the first of several is reported, and its neighbours with it", REPORTED, "app",
        "if len(records) > 1 and first ==", "if len(records) > len(records) and first ==",
        f"{UNIT}/test_app.py::test_the_first_of_several_is_raised_so_that_the_batch_is_halved"),
    bug("only the last counter's failure is reported", REPORTED, "app",
        "first = min(failed)", "first = max(failed)",
        f"{UNIT}/test_app.py::test_of_two_counters_that_fail_the_earlier_record_is_reported"),
    bug("a record that cannot be read is passed over", REPORTED, "app",
        'return requests, [int(record["dynamodb"]["SequenceNumber"])]', "continue",
        f"{UNIT}/test_app.py::test_a_record_that_cannot_be_read_is_reported_and_those_before_it_are_settled"),
]  # fmt: skip

BUGS = [*CONDITIONS, *DECISIONS, *COMMITS, *STAMPS]
