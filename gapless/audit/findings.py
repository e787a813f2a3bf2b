"""What an audit has found, for people and for programs. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from gapless.audit.ordinals import Run

MOST = 20  # of the ids and runs of numbers that a finding names

# Each kind, and how it reads behind the counter's name.
KINDS: Mapping[str, str] = {
    "gap": "handed out, and no request has them",
    "twin": "numbers that several requests have",
    "beyond": "numbers that the counter has not handed out: its value is behind them",
    "not-of-the-sequence": "requests with a number that the counter does not have",
    "over-its-bound": "numbers beyond the counter's last one",
    "no-counter": "requests with numbers of a counter that does not exist",
    "direct-counter": "requests with numbers of a counter that numbers none: it hands them out directly",
    "unusable-counter": "the counter cannot number",
    "lost-journal": "the journal item of a lane is gone, and with it who owns the lane's last numbers",
    "done-without-number": "DONE requests without a number",
    "failed-with-number": "FAILED requests with a number",
    "failed-without-error": "FAILED requests without an error",
    "pending-with-number": "PENDING requests with a number",
    "unfinished-with-ttl": "PENDING requests that are to expire",
    "done-with-error": "DONE requests with an error",
    "unknown-status": "requests whose status is none",
    "link-to-nowhere": "requests whose link leads to a request that is not there",
    "link-not-returned": "requests whose link leads to one that does not link back",
}


@dataclass
class Finding:
    """All faults of one kind that one counter has.

    count: how many; numbers: runs of them, first and last, and ids: of the requests, the first of either; note: more to
    know.
    """

    kind: str
    counter: str
    count: int = 0
    numbers: list[Run] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    note: str = ""

    def add(self, request_id: str) -> None:
        """One more request."""
        self.count += 1
        if len(self.ids) < MOST:
            self.ids.append(request_id)

    def sentence(self) -> str:
        """For people."""
        text = (
            f"{self.counter}: {self.count} {KINDS[self.kind]}" if self.count else f"{self.counter}: {KINDS[self.kind]}"
        )
        parts = [text, self.note, self._name("", map(name_run, self.numbers)), self._name("of ", self.ids)]
        return "; ".join(part for part in parts if part)

    def _name(self, prefix: str, names: Iterable[str]) -> str:
        shown = list(names)
        return f"{prefix}{', '.join(shown)}{', ...' if len(shown) == MOST else ''}" if shown else ""


class Findings:
    """Findings, one for each kind and counter."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Finding] = {}

    def of(self, kind: str, counter: str) -> Finding:
        """The one of that kind and counter, new if there was none."""
        return self._found.setdefault((kind, counter), Finding(kind, counter))

    def report_numbers(self, kind: str, counter: str, numbers: Iterable[Run], count: int) -> None:
        """Runs of numbers, if there are any."""
        if count:
            finding = self.of(kind, counter)
            finding.count += count
            finding.numbers += islice(numbers, MOST - len(finding.numbers))

    def drop(self, finding: Finding) -> None:
        """Take one back that was not confirmed."""
        del self._found[finding.kind, finding.counter]

    def list(self) -> list[Finding]:
        """All of them, by counter and in the order of KINDS."""
        order = list(KINDS)
        return sorted(self._found.values(), key=lambda one: (one.counter, order.index(one.kind)))


@dataclass
class Account:
    """A counter as the audit has seen it.

    value: numbers handed out when the audit began; numbered: requests and tombstones that have one; writing: numbers
    that are being written; expired: how many can have expired, and runs, of which nothing can be said; unchecked: why
    nothing was said of its numbers.
    """

    counter: str
    allocation: str
    value: int
    numbered: int = 0
    writing: int = 0
    expired: int = 0
    expired_runs: list[Run] = field(default_factory=list)
    unchecked: str = ""


@dataclass
class Report:
    """items: how many were read; pending: of those, how many wait; oldest_pending: when the first of them was received,
    epoch ms; seconds: how long it took."""

    accounts: list[Account]
    findings: list[Finding]
    items: int
    pending: int
    oldest_pending: int | None
    seconds: float = 0.0

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "items": self.items,
            "pending": self.pending,
            "oldestPending": self.oldest_pending,
            "seconds": round(self.seconds, 1),
            "counters": [to_document(asdict(one)) for one in self.accounts],
            "findings": [asdict(one) for one in self.findings],
        }


def to_document(account: dict[str, Any]) -> dict[str, Any]:
    """An account by the names that JSON has elsewhere."""
    return {"expiredRuns" if name == "expired_runs" else name: value for name, value in account.items()}


def name_run(run: Run) -> str:
    """Such as 17, or 17..29."""
    return f"{run[0]}" if run[0] == run[1] else f"{run[0]}..{run[1]}"
