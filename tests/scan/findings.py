"""What the scanners found, held against what the project says it accepts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


class ScannerFailed(Exception):
    """A scanner did not do its work; the text says what it printed."""


class Unreachable(Exception):
    """A scanner needs something that cannot be reached from here; the text says what."""


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that a scanner objects to.

    where: a logical id of the template, or `file:line`.
    """

    rule: str
    where: str
    message: str = field(compare=False)


@dataclass(frozen=True, order=True)
class Suppression:
    """One thing that is accepted although a scanner objects; where: as in Finding; at: the `file:line` that says so."""

    rule: str
    where: str
    reason: str = field(compare=False)
    at: str = field(compare=False)


@dataclass(frozen=True)
class Verdict:
    """What one scanner says in the end; note: why it was skipped or failed, "" otherwise."""

    tool: str
    findings: list[Finding]
    suppressed: list[Finding]
    status: str
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing has to be done about it. A scanner that is skipped fails nobody, and says so."""
        return self.status in ("clean", "skipped")

    def to_json(self) -> dict[str, Any]:
        """The verdict as `--output json` prints it."""
        listed = [{"rule": one.rule, "where": one.where, "message": one.message} for one in self.findings]
        parts = {"tool": self.tool, "status": self.status, "findings": listed, "suppressed": len(self.suppressed)}
        return parts | ({"note": self.note} if self.note else {})


def judge(tool: str, found: Iterable[Finding], suppressions: Iterable[Suppression]) -> Verdict:
    """Tell what is accepted from what is not; a suppression without a reason, or of nothing, is a finding too."""
    found, accepted = sorted(set(found)), {(one.rule, one.where): one for one in suppressions}
    suppressed = [one for one in found if (one.rule, one.where) in accepted]
    findings = [one for one in found if one not in suppressed]
    for one in accepted.values():
        if not one.reason:
            findings.append(Finding(one.rule, one.at, "is suppressed without a reason: write it there"))
        if not any((finding.rule, finding.where) == (one.rule, one.where) for finding in suppressed):
            findings.append(Finding(one.rule, one.at, "is suppressed here, and nothing is found: take it away"))
    return Verdict(tool, findings, suppressed, "found" if findings else "clean")
