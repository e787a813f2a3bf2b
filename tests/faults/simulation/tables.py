"""The tables in memory: every operation of the protocol, under the conditions that expressions.py has for DynamoDB.

The conditions are written anew, in plain Python, so that a mistake in one place shows against the other. Nothing fails
here, and nothing is random: what may befall an operation is another's business.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from counter import Counter
from entry import Owners
from operations import (
    Commit,
    Committed,
    Operation,
    Outcome,
    Prune,
    PutJournal,
    RaiseFence,
    ReadCounter,
    ReadJournals,
    ReadProgress,
    ReadRequests,
    ReadStates,
    RefuseUncounted,
    Resend,
    SaveProgress,
    Stamp,
    WriteStamps,
    WriteTombstone,
)
from request import DONE, FAILED, PENDING, VOID, Accepted, Request
from tests.faults.simulation.stored import StoredRequest, measured, moved, packed


class SimulatedTables:
    """The requests table, the counters table and the journal; read and change the attributes as you please.

    now: epoch ms. Each operation of operations.py has a method of its name, and each condition one of its own, to be
    overridden where a test wants it broken. `perform` takes every operation but Judge and Pause: they are the caller's,
    as with store.Tables.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self.requests: dict[str, StoredRequest] = {}
        self.counters: dict[str, Counter] = {}
        self.journals: dict[bytes, Owners] = {}
        self._methods: dict[type, Callable[[Any], Any]] = {
            ReadCounter: self.read_counter,
            ReadStates: self.read_states,
            ReadRequests: self.read_requests,
            ReadJournals: self.read_journals,
            PutJournal: self.put_journal,
            Commit: self.commit,
            RaiseFence: self.raise_fence,
            WriteStamps: self.write_stamps,
            WriteTombstone: self.write_tombstone,
            RefuseUncounted: self.refuse_uncounted,
            Prune: self.prune,
            Resend: self.resend,
            ReadProgress: self.read_progress,
            SaveProgress: self.save_progress,
        }

    # ── what others do to the tables ─────────────────────────────────────────────────────────────────────────────────

    def put_request(self, request: Request) -> None:
        """Store a new request, as the API does."""
        self.requests[request.request_id] = StoredRequest(request, request.counter, room=request.room)

    def delete_request(self, request_id: str) -> int | None:
        """Delete a request, as somebody with the right to it might; the number it had."""
        item = self.requests.pop(request_id, None)
        return item.number if item else None

    def put_counter(self, counter: Counter) -> None:
        """Store a counter, as an operator does, who makes a new one or changes the options of one that is there."""
        self.counters[counter.name] = measured(counter)

    # ── what the protocol does ───────────────────────────────────────────────────────────────────────────────────────

    def perform(self, operation: Operation) -> Any:
        """Carry out one operation at once and as a whole; the answer is as operations.py says."""
        return self._methods[type(operation)](operation)

    def read_counter(self, operation: ReadCounter) -> Counter | None:
        return self.counters.get(operation.name)

    def read_states(self, operation: ReadStates) -> Mapping[str, str]:
        items = self.meant(operation)
        return {one: item.status for one, item in items.items()}

    def read_requests(self, operation: ReadRequests) -> Mapping[str, Request]:
        items = self.meant(operation)
        return {
            one: replace(item.request, sequence=0, resent=False, resends=item.resends)
            for one, item in items.items()
            if item.request and item.status == PENDING
        }

    def meant(self, operation: ReadStates | ReadRequests) -> dict[str, StoredRequest]:
        """The items there are; one received at another time is another request, under an id that is used again."""
        items = {one: self.requests[one] for one in operation.ids if one in self.requests}
        times = dict(zip(operation.ids, operation.received, strict=False))
        return {
            one: item
            for one, item in items.items()
            if one not in times or (item.request is not None and item.request.received_at == times[one])
        }

    def read_journals(self, operation: ReadJournals) -> Mapping[bytes, Owners]:
        return {key: self.journals[key] for key in operation.keys if key in self.journals}

    def put_journal(self, operation: PutJournal) -> None:
        self.journals[operation.key] = packed(operation.owners)

    def commit(self, commit: Commit) -> Committed:
        """All that a commit depends on, and all that it changes, in one step."""
        found = self.counters.get(commit.counter)
        if not self.may_commit(commit, found):
            return Committed(False, found)
        before = found or Counter(commit.counter)
        # A commit that takes nothing leaves a value alone that may be no number.
        owners = packed(commit.entry.owners) if commit.entry.owners else None
        entry = replace(commit.entry, base=before.value if commit.taken else 0, owners=owners)
        after = replace(
            moved(before, fence=int(commit.raises_fence)),
            value=before.value + commit.taken,
            verify_until=before.verify_until if commit.verify_until is None else commit.verify_until,
            lanes={**before.lanes, commit.lane: entry},
        )
        self.put_counter(after)
        return Committed(True, self.counters[commit.counter])

    def may_commit(self, commit: Commit, found: Counter | None) -> bool:
        """Whether the counter is as the commit was made for."""
        if commit.create != (found is None):
            return False
        counter = found or Counter(commit.counter)
        if commit.raises_fence:
            stands = self.version_stands(commit, counter)
        else:
            stands = self.mark_stands(commit, counter) and self.fence_stands(commit, counter)
        return stands and self.there_is_room(commit, counter)

    def version_stands(self, commit: Commit, counter: Counter) -> bool:
        """Nobody has committed anything."""
        return counter.version == commit.known.version

    def mark_stands(self, commit: Commit, counter: Counter) -> bool:
        """The lane is where it was, or still absent."""
        entry = counter.lanes.get(commit.lane)
        return (entry.mark if entry else None) == commit.known.mark

    def fence_stands(self, commit: Commit, counter: Counter) -> bool:
        """Nobody has decided outside of the lanes' marks."""
        return counter.fence == commit.known.fence

    def there_is_room(self, commit: Commit, counter: Counter) -> bool:
        """The last number that there is for the counter is not passed."""
        if not commit.taken or commit.known.last is None:
            return True
        return counter.value + commit.taken <= commit.known.last

    def raise_fence(self, operation: RaiseFence) -> Counter | None:
        if operation.name in self.counters:
            self.put_counter(moved(self.counters[operation.name], fence=1))
        return self.counters.get(operation.name)

    def prune(self, prune: Prune) -> bool:
        counter = self.counters.get(prune.counter)
        if counter is None or not self.may_prune(prune, counter):
            return False
        lanes = {lane: entry for lane, entry in counter.lanes.items() if lane != prune.lane}
        until = max(prune.verify_until, counter.verify_until or 0)
        self.put_counter(replace(moved(counter, fence=1), lanes=lanes, verify_until=until))
        return True

    def may_prune(self, prune: Prune, counter: Counter) -> bool:
        """Whether the lane has the entry that was applied."""
        entry = counter.lanes.get(prune.lane)
        return entry is not None and entry.mark == prune.mark and counter.fence == prune.fence

    def write_stamps(self, operation: WriteStamps) -> list[Outcome]:
        return [self.write_stamp(stamp) for stamp in operation.stamps]

    def write_stamp(self, stamp: Stamp) -> Outcome:
        """Write one, if the request is there and waits, and has the room."""
        item = self.requests.get(stamp.request.request_id)
        if item is None or not self.is_meant(stamp, item):
            return Outcome.MISSING
        if not self.can_be_stamped(item):
            return Outcome.DECIDED
        text = stamp.verdict.result if isinstance(stamp.verdict, Accepted) else stamp.verdict.message
        if len(text.encode()) > item.room:
            return Outcome.TOO_LARGE
        item.number = stamp.number
        if stamp.ends_progress:
            item.progress, item.is_marked = "", False
        if isinstance(stamp.verdict, Accepted):
            item.status, item.result = DONE, text
        else:
            item.status, item.code, item.message = FAILED, stamp.verdict.code, text
        return Outcome.WRITTEN

    def is_meant(self, stamp: Stamp, item: StoredRequest) -> bool:
        """The item is the stamp's request, and no later one under its id."""
        return item.request is not None and item.request.received_at == stamp.request.received_at

    def can_be_stamped(self, item: StoredRequest) -> bool:
        """It waits: it has neither a number nor an error."""
        return item.status == PENDING

    def write_tombstone(self, operation: WriteTombstone) -> None:
        tombstone = StoredRequest(None, operation.counter, VOID, operation.number)
        self.requests.setdefault(operation.item_id, tombstone)

    def refuse_uncounted(self, operation: RefuseUncounted) -> bool:
        """All of them or none, as in a transaction."""
        items = [self.requests.get(stamp.request.request_id) for stamp in operation.stamps]
        if operation.counter in self.counters:
            return False
        for stamp, item in zip(operation.stamps, items, strict=True):
            if item is None or not (self.is_meant(stamp, item) and self.can_be_stamped(item)):
                return False
        for stamp in operation.stamps:
            self.write_stamp(stamp)
        return True

    def resend(self, operation: Resend) -> bool:
        item = self.requests.get(operation.request_id)
        if item is None or item.status != PENDING or (item.resent_at or 0) > operation.before:
            return False
        item.resends += 1
        item.resent_at = self.now()
        item.is_marked = self.stays_marked(item)
        return True

    def stays_marked(self, _: StoredRequest) -> bool:
        """A touch is always heard."""
        return False

    def read_progress(self, operation: ReadProgress) -> str:
        item = self.requests.get(operation.request_id)
        return item.progress if item is not None and self.is_same(operation, item) else ""

    def save_progress(self, operation: SaveProgress) -> bool:
        item = self.requests.get(operation.request_id)
        if item is None or not self.may_save(operation, item):
            return False
        item.progress, item.is_marked = operation.text, True
        return True

    def may_save(self, operation: SaveProgress, item: StoredRequest) -> bool:
        """The item is the request that is worked on, and it waits."""
        return self.is_same(operation, item) and item.status == PENDING

    def is_same(self, operation: ReadProgress | SaveProgress, item: StoredRequest) -> bool:
        """The item is no later one under the same id."""
        return item.request is not None and item.request.received_at == operation.received_at

    def is_marked(self, request_id: str) -> bool:
        """Whether the item's last change is kept from the processor."""
        return self.requests[request_id].is_marked
