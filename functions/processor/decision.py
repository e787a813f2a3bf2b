"""What becomes of each request: a number, or a refusal and its reason. Pure."""

from collections.abc import Sequence

from batch import Batch, Rules
from counter import Counter, explain, is_possible, refuse_for_counter
from memory import Known
from operations import Judge, RefuseUncounted, Stamp
from request import Accepted, Refused, Request, Verdict
from stamping import UNPROCESSABLE, Report, Steps, write_stamps


def decide(
    batch: Batch, waiting: Sequence[Request], counter: Counter | None, known: Known, rules: Rules
) -> Steps[list[tuple[Request, Verdict]]]:
    """Judge the requests in order, up to one that work() fails on; beyond the counter's room they are refused."""
    unfit = refuse_for_counter(counter) if counter else None
    room = known.last - counter.value if counter and known.last is not None else None
    decided: list[tuple[Request, Verdict]] = []
    for request in waiting:
        try:
            verdict = unfit or (yield from judge(batch, request, rules))
        except Exception as cause:
            batch.failure = request, cause
            batch.requests = [one for one in batch.requests if one.sequence < request.sequence]
            break
        if isinstance(verdict, Accepted) and room is not None:
            room -= 1
            verdict = verdict if room >= 0 else explain(batch.counter, "CounterExhausted")
        decided.append((request, verdict))
    return decided


def judge(batch: Batch, request: Request, rules: Rules) -> Steps[Verdict]:
    """What becomes of a request; work() is asked once a batch, and not for one that was sent again too often."""
    if request.resends >= rules.most_resends:
        return Refused(UNPROCESSABLE, f"it could not be processed, and was sent again {request.resends} times")
    if request.request_id not in batch.verdicts:
        batch.verdicts[request.request_id] = yield Judge(request)
    return batch.verdicts[request.request_id]


def refuse_unknown(batch: Batch, waiting: Sequence[Request], report: Report) -> Steps[bool]:
    """Refuse requests whose counter does not exist. There is no item to keep a lane on, so the refusals hold only
    while there is none; should there be one by now, nothing is written and the answer is False."""
    stamps = tuple(Stamp(request, explain(batch.counter, "UnknownCounter"), None) for request in waiting)
    if not stamps:
        return True
    if not is_possible(batch.counter):
        yield from write_stamps(stamps, report)
        return True
    if not (yield RefuseUncounted(batch.counter, stamps)):
        return False
    report.stamped.extend(stamps)
    return True
