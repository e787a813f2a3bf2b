"""Bugs in making an entry true, in sweeping, and in what Lambda is told."""

from tests.faults.planted.bug import CALLS, ENTRIES, GAPLESS, LIVE, REPORTED, UNIQUE, UNIT, Bug, bug, in_memory

STAMPS = [
    bug("an entry's numbers begin one too low", UNIQUE, "stamping",
        "counter.number(entry.base + 1 + place)", "counter.number(entry.base + place)",
        in_memory("parent_not_stamped")),
    bug("a number whose request is gone is gone", GAPLESS, "stamping",
        "    yield WriteTombstone(", "    if number < 0:\n        yield WriteTombstone(",
        in_memory("deleted_before_it_is_applied")),
    bug("an entry is applied to whoever has the id by now", GAPLESS, "stamping",
        "ReadStates(owners.ids, owners.received)", "ReadStates(owners.ids)",
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
