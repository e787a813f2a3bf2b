"""Sees every call that reaches the tables, and its answer, though the process that made it may not."""

from typing import Any

from operations import (
    Commit,
    Operation,
    Outcome,
    Prune,
    ReadProgress,
    RefuseUncounted,
    Resend,
    SaveProgress,
    Stamp,
    WriteStamps,
    WriteTombstone,
)
from request import Refused
from stamping import UNPROCESSABLE
from tests.faults.simulation.scenario import History


class Witness:
    """decided: ids of requests that have their end, or are gone."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.decided: set[str] = set()

    def see(self, operation: Operation, answer: Any) -> None:
        """Note what a call has done."""
        events = self._history.events
        match operation:
            case WriteStamps():
                for stamp, outcome in zip(operation.stamps, answer, strict=True):
                    self._see_stamp(stamp, outcome)
            case RefuseUncounted() if answer:
                for stamp in operation.stamps:
                    self._see_stamp(stamp, Outcome.WRITTEN)
            case Resend() if answer:
                events["resends"] += 1
                self._history.overtaken.add(operation.request_id)
            case SaveProgress() if answer:
                events["saves"] += 1
                self._history.kept[operation.request_id, operation.received_at] = operation.text
            case ReadProgress():
                self._see_progress(operation, answer)
            case WriteTombstone():
                events["tombstones"] += 1
            case Prune() if answer:
                events["prunes"] += 1
            case Commit() if not answer.done:
                events["conflicts"] += 1

    def _see_progress(self, operation: ReadProgress, answer: str) -> None:
        """Of a request that waits, what was saved last is found, and nothing that was saved of one before it."""
        events, request_id = self._history.events, operation.request_id
        is_there = request_id not in self._history.deleted and request_id not in self.decided
        expected = self._history.kept.get((request_id, operation.received_at), "")
        if is_there and self._history.submitted[request_id].received_at == operation.received_at:
            events["resumed"] += bool(answer)
            if answer != expected:
                self._history.lost.append(request_id)

    def _see_stamp(self, stamp: Stamp, outcome: Outcome) -> None:
        if outcome not in (Outcome.TOO_LARGE, Outcome.THROTTLED):
            self.decided.add(stamp.request.request_id)
        if outcome is Outcome.WRITTEN:
            self._history.stamped[stamp.request.request_id] += 1
            is_given_up = isinstance(stamp.verdict, Refused) and stamp.verdict.code == UNPROCESSABLE
            self._history.events["given_up"] += is_given_up
