"""What is wrong with the numbers, from one pass over the requests while numbering goes on. Pure.

A scan is no snapshot: it takes minutes, and everything changes behind and before it. What it can be sure of:

    counters read: A ──▶ scan ──▶ counters read again: B ──▶ requests in doubt read again: C

- What an item shows was true at one moment, for an item is written as a whole. So a DONE without a number is a fault
  whenever it was seen.
- A number is committed before it is stamped, hence every number that the scan sees is at most B's value. One above is a
  fault: `beyond`. Options do not change once a number was handed out, hence B's hold for all of them.
- By the protocol an entry is replaced only after it is applied. So at A every number up to A's value is on its request
  or its tombstone, except those of the entries that the lanes had at A. A stamp is for ever, and a consistent scan that
  begins later sees it: a number up to A's value that is in no entry of A's and was not seen belongs to a request that
  was deleted: expired, which tally.py tells apart, or a gap.
- The numbers in A's entries may be written before or behind the scan, or not yet. Those that it has not seen are looked
  up at C. Was the entry replaced by B, they have to be there. Otherwise they are `writing`, which is no fault.
- Two requests with one number are twins whenever they were seen, because a number is taken from one entry and stays.
  But a request that is deleted while its entry is applied leaves a tombstone for the same number:

    scan:   sees x with 8 ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ sees the tombstone of 8
    admin:                 deletes x ──▶ whoever applies the entry: tombstone of 8

  So the owners are found by a second scan and then read once more: the tombstone was there by then, and x was not.

What it cannot know is in docs/numbering.md, "What an audit can know".
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from counter import Counter
from entry import Owners
from gapless.attributes import Item, read_number
from gapless.audit.claims import Claims
from gapless.audit.counters import is_as_before, is_numbering, read_counters, to_numbers
from gapless.audit.findings import MOST, Account, Finding, Findings, Report
from gapless.audit.links import Links
from gapless.audit.ordinals import Run
from gapless.audit.requests import Crowd, faults_of
from gapless.audit.retention import Retention
from gapless.audit.tally import Conclusion, Tally, tally_of
from request import DONE, FAILED, PENDING

CHANGED = "it was made or changed while the audit ran; run it again"


class Audit:
    """counters: their items at A; journals: of the entries that have their ids there; only: the one counter to look at.

    `add` every request, read the counters again, then what `doubts` names, and `conclude`. If
    numbers are `wanted` then, find who has them and `name_owners`.
    """

    def __init__(self, counters: Mapping[str, Item], journals: Mapping[bytes, Owners], only: str | None = None) -> None:
        self._before = read_counters(counters, only)
        numbering = {name: one for name, one in self._before.items() if is_numbering(one)}
        self._tallies: dict[str, Tally] = {name: tally_of(one) for name, one in numbering.items()}
        self._claims = Claims(numbering.values(), journals)
        self._only = only
        self._findings = Findings()
        self._links = Links()
        self._strangers: dict[str, Crowd] = defaultdict(Crowd)
        self._misfits: dict[str, Crowd] = defaultdict(Crowd)
        self._items = self._pending = 0
        self._oldest_pending: int | None = None
        self._kept: dict[str, int] = {}  # the shortest time, ms, by status
        self._twins: dict[str, dict[int, int]] = {}
        self._newest: dict[str, int] = {}
        self._last_look: dict[str, tuple[list[int], int]] = {}  # what is being written, and the horizon
        self.conclusions: dict[str, Conclusion] = {}

    # ── the scan ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def add(self, item: Item) -> None:
        """Take in a request, or a tombstone, as the scan has it: the ATTRIBUTES that there are."""
        name, request_id = item.get("counter", {}).get("S", ""), item["requestId"]["S"]
        if self._only not in (None, name):
            return
        self._items += 1
        for kind in faults_of(item):
            self._findings.of(kind, name).add(request_id)
        self._links.add(item)
        self._look_at_times(item)
        self._newest[name] = max(self._newest.get(name, 0), read_number(item, "receivedAt") or 0)
        if "number" in item:
            self._claims.see(item)
            self._add_number(name, request_id, item)

    def _add_number(self, name: str, request_id: str, item: Item) -> None:
        number, tally = read_number(item, "number"), self._tallies.get(name)
        if tally is None:
            self._strangers[name].add(request_id, number)
        elif number is None or not tally.add(number, read_number(item, "receivedAt")):
            self._misfits[name].add(request_id, number)

    def _look_at_times(self, item: Item) -> None:
        """How long requests are kept, and since when the oldest waits."""
        status = item.get("status", {}).get("S", "")
        received, completed, ttl = (read_number(item, name) for name in ("receivedAt", "completedAt", "ttl"))
        if status == PENDING:
            self._pending += 1
            if received is not None:
                self._oldest_pending = min(received, self._oldest_pending or received)
        if ttl is not None and completed is not None:
            kept = max(1, ttl * 1000 - completed)
            self._kept[status] = min(kept, self._kept.get(status, kept))

    def doubts(self) -> set[str]:
        """The ids to read again, consistently, once the counters were."""
        claims = self._claims.unseen()
        return {key for one in claims for key in (one.request_id, one.tombstone)} | self._links.doubts()

    # ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────

    def conclude(self, counters: Mapping[str, Item], found: Mapping[str, Item], now: int, kept: Retention) -> Report:
        """What is wrong, but for twins. counters: at B; found: at C, by id; now: epoch ms, at the end."""
        after = read_counters(counters, self._only)
        kept = kept.learn(self._kept.get(DONE), self._kept.get(FAILED))
        horizon = kept.horizon(now)
        accounts = [self._account(one, after.get(name), found, horizon) for name, one in self._before.items()]
        fresh = after.keys() - self._before.keys()
        accounts += [Account(name, after[name].allocation, after[name].value, unchecked=CHANGED) for name in fresh]
        for name in self._strangers.keys() - self._before.keys() - fresh:
            self._report_crowd("no-counter", name, self._strangers)
        for one in self._links.find_dangling(found, kept, now):
            self._findings.of(one.kind, one.counter).add(one.request_id)
        accounts.sort(key=lambda one: one.counter)
        return Report(accounts, self._findings.list(), self._items, self._pending, self._oldest_pending)

    def _account(self, before: Counter, after: Counter | None, found: Mapping[str, Item], horizon: int) -> Account:
        """One counter, and what is found of its numbers."""
        account = Account(before.name, before.allocation, before.value)
        if after is None or not is_as_before(before, after):
            account.unchecked = CHANGED
        elif before.fault:
            account.unchecked = before.fault
            self._findings.of("unusable-counter", before.name).note = before.fault
        elif before.name not in self._tallies:
            account.unchecked = "it hands out its numbers directly"
            self._report_crowd("direct-counter", before.name, self._strangers)
        else:
            self._check_numbers(account, before, after, found, horizon)
        return account

    def _check_numbers(
        self, account: Account, before: Counter, after: Counter, found: Mapping[str, Item], horizon: int
    ) -> None:
        name, tally = before.name, self._tallies[before.name]
        writing = self._settle_claims(after, tally, found)
        account.numbered, account.writing = tally.count, len(writing)
        left_out = sorted({*writing, *self._claims.unknown(before)})
        result = tally.conclude(before.value, after.value, left_out, horizon)
        self.conclusions[name] = result
        self._last_look[name] = left_out, horizon
        account.expired = result.expired_count
        account.expired_runs = [to_numbers(before, run) for run in result.expired[:MOST]]
        self._findings.report_numbers("gap", name, (to_numbers(before, run) for run in result.gaps), result.gap_count)
        self._findings.report_numbers("beyond", name, ((one, one) for one in result.beyond), len(result.beyond))
        over = after.value - after.last if after.last is not None else 0
        if over > 0:
            run = to_numbers(after, (after.value - over + 1, after.value))
            self._findings.report_numbers("over-its-bound", name, [run], over)
        self._report_crowd("not-of-the-sequence", name, self._misfits)
        self._twins[name] = result.twins
        for _, lane, entry in (one for one in self._claims.lost if one[0].name == name):
            self._findings.of("lost-journal", name).note = f"lane {lane}, behind number {before.number(entry.base)}"

    def _settle_claims(self, after: Counter, tally: Tally, found: Mapping[str, Item]) -> list[int]:
        """Count what was written behind the scan's back; the ordinals that are still to be written."""
        writing = []
        for claim in self._claims.unseen(after.name):
            if claim.is_written(found):
                tally.find(claim.ordinal)
            elif claim.can_be_written(found, after):
                writing.append(claim.ordinal)
            elif claim.is_decided(found):
                self._findings.of("gap", after.name).note = claim.explain(found)
        return writing

    def _report_crowd(self, kind: str, name: str, crowds: Mapping[str, Crowd]) -> None:
        """Requests with numbers that they ought not to have."""
        if crowd := crowds.get(name):
            finding = self._findings.of(kind, name)
            finding.count, finding.ids = crowd.count, crowd.ids
            if crowd.lowest is not None and crowd.highest is not None:
                finding.numbers = [(crowd.lowest, crowd.highest)]

    # ── for a repair ─────────────────────────────────────────────────────────────────────────────────────────────────

    def newest(self, counter: str) -> int:
        """When the last of a counter's requests was received, epoch ms, 0 if it has none."""
        return self._newest.get(counter, 0)

    def gaps_up_to(self, counter: str, value: int) -> list[Run]:
        """The runs of ordinals that nobody has, should the counter have handed out that many."""
        writing, horizon = self._last_look[counter]
        return self._tallies[counter].conclude(value, value, writing, horizon).gaps

    def strangers(self) -> Mapping[str, Crowd]:
        """The requests with numbers of counters that number none, or are not there."""
        return self._strangers

    # ── who has them ─────────────────────────────────────────────────────────────────────────────────────────────────

    def wanted(self) -> dict[str, set[int]]:
        """The numbers, by counter, whose owners are not known yet."""
        wanted = {name: set(twins) for name, twins in self._twins.items()}
        for finding in self._findings.list():
            if finding.kind in ("beyond", "over-its-bound"):
                wanted[finding.counter] |= {number for run in finding.numbers for number in run}
        return {name: numbers for name, numbers in wanted.items() if numbers}

    def name_owners(self, items: Iterable[Item]) -> list[Finding]:
        """Complete the findings by who has the numbers that were wanted; all of them.

        items: the owners by a second scan, each read once more behind it.
        """
        owners: dict[tuple[str, int], list[str]] = {}
        for item in items:
            number = read_number(item, "number")
            if number is not None:
                owners.setdefault((item["counter"]["S"], number), []).append(item["requestId"]["S"])
        for finding in self._findings.list():
            if finding.kind in ("beyond", "over-its-bound"):
                named = {number for run in finding.numbers for number in run}
                of = [owners.get((finding.counter, number), []) for number in sorted(named)]
                finding.ids += [one for some in of for one in some][:MOST]
        for name, twins in self._twins.items():
            for number, most in twins.items():
                if len(mine := owners.get((name, number), [])) > most:
                    finding = self._findings.of("twin", name)
                    finding.count += 1
                    finding.numbers += [(number, number)][: MOST - len(finding.numbers)]
                    finding.ids += sorted(mine)[: MOST - len(finding.ids)]
        return self._findings.list()
