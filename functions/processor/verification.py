"""Which requests of a batch still wait to be decided: the guards against numbering one twice. Pure.

A lane's mark is enough for what the stream delivers again in its own shard. The rest is looked up, AFTER the counter
was read: a request that was decided by then shows it, in its item or in the entry of another lane; one that is decided
later moves the counter in a way that the commit's condition sees.
"""

from collections.abc import Iterator, Sequence

from batch import Batch
from counter import Counter
from entry import NO_SHARD
from memory import Known
from operations import ReadStates
from request import PENDING, Request
from stamping import Steps, read_journals


def drop_decided(batch: Batch, mark: int | None) -> Iterator[Request]:
    """The requests beyond the mark: what is at or below it is decided, or left to the sweeper. No mark, no dropping."""
    for request in batch.requests:
        if mark is None or batch.lane == NO_SHARD or request.sequence > mark:
            yield request


def drop_repeats(requests: Sequence[Request]) -> Iterator[Request]:
    """GUARD: an id once a batch. After an outage a PUT and its re-send come together, and both would get a number.

    And from its last PUT on: what the same id was before that was deleted, or it could not have been put again.
    """
    last_put = {request.request_id: request.sequence for request in requests if not request.resent}
    seen = set()
    for request in requests:
        is_deleted = request.sequence < last_put.get(request.request_id, 0)
        if not is_deleted and request.request_id not in seen:
            seen.add(request.request_id)
            yield request


def find_doubtful(batch: Batch, known: Known) -> Iterator[Request]:
    """The requests that may have been decided where the mark does not show it: they are read before they are numbered.

    All of them when the shards share a lane: its mark is no place in a stream.
    """
    for request in drop_decided(batch, known.mark):
        if batch.lane == NO_SHARD or request.resent or is_under_suspicion(request, known):
            yield request


def is_under_suspicion(request: Request, known: Known) -> bool:
    """GUARD: received no later than verify_until. Whoever decides outside of a mark raises it first:

    shard P: batch with x discarded ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ mapping made anew, P read again: x numbered twice
    child C:                  x re-sent, numbered (verify_until = received_at of x)

    The same goes for a lane that is pruned, a deployment that changes between one lane and many, and requests refused
    while their counter did not exist.
    """
    return known.verify_until is None or request.received_at <= known.verify_until


def verify(batch: Batch, counter: Counter | None, known: Known) -> Steps[list[Request]]:
    """The requests that wait to be decided; the doubtful ones are looked up, AFTER the counter was read."""
    waiting = list(drop_repeats(list(drop_decided(batch, known.mark))))
    doubtful = {request.request_id for request in find_doubtful(batch, known)}
    if not doubtful:
        return waiting
    elsewhere = (yield from find_owned_elsewhere(batch, counter)) if counter else frozenset()
    asked = [one for one in waiting if one.request_id in doubtful and not is_owned(one, elsewhere)]
    ids, received = tuple(one.request_id for one in asked), tuple(one.received_at for one in asked)
    states = (yield ReadStates(ids, received)) if asked else {}
    still = doubtful & {one for one, state in states.items() if state == PENDING}
    return [one for one in waiting if one.request_id in still or one.request_id not in doubtful]


def is_owned(request: Request, owned: frozenset[tuple[str, int | None]]) -> bool:
    """Whether it is among them, by id and time."""
    return (request.request_id, request.received_at) in owned or (request.request_id, None) in owned


def find_owned_elsewhere(batch: Batch, counter: Counter) -> Steps[frozenset[tuple[str, int | None]]]:
    """GUARD: requests in the current entry of another lane have their number there, though it may not be written yet:

    shard P: commits x ──▶ dies before the stamp, discarded, split
    child C:                                 x re-sent, read: PENDING ──▶ without a look at P's entry x gets two numbers
    """
    others = [entry for lane, entry in counter.lanes.items() if lane != batch.lane]
    journalled = yield from read_journals([entry for entry in others if entry.owners is None])
    owners = [entry.owners for entry in others if entry.owners] + journalled
    return frozenset(one for some in owners for one in some.requests)
