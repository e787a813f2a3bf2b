"""How far work() is with a request: kept on the request itself, so that the next invocation goes on from there.

work:   load: {} ──▶ step 1 ──▶ save ──▶ step 2 ──▶ save ──▶ dies
again:  load: step 2 ──▶ step 3 ──▶ returns: DONE, and nothing is kept any more
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from operations import Operation, ReadProgress, SaveProgress
from request import Request, parse_body, to_json


class ProgressTooLarge(Exception):
    """The request's item has no room for what is to be kept."""


class Progress:
    """What work() has kept of one request. Costs nothing until it is asked for.

    is_kept: whether anything is on the item, as far as is known here.
    """

    def __init__(self, request: Request, perform: Callable[[Operation], Any], until: float) -> None:
        """perform: carries out an operation; until: on time.monotonic."""
        self._request, self._perform, self._until = request, perform, until
        self.is_kept = False

    @property
    def seconds_left(self) -> float:
        """How long work() may still take in this invocation, all its requests together; 0 when it is to stop."""
        return max(0.0, self._until - time.monotonic())

    def load(self) -> dict[str, Any]:
        """What was saved last, by this invocation or another; {} at first. Numbers come as in the request's body.

        A strongly consistent read of the item. Raises when DynamoDB cannot be reached in time: let it through.
        """
        text = self._perform(ReadProgress(self._request.request_id, self._request.received_at))
        self.is_kept = self.is_kept or bool(text)
        return parse_body(text) if text else {}

    def save(self, state: Mapping[str, Any]) -> bool:
        """Keep this, in place of what was saved before. state: what JSON can hold; a Decimal becomes text.

        A write of the whole item: a unit for each KB of the request. False when the request has its end by now, or is
        gone: whatever work() makes of it will change nothing. Raises ProgressTooLarge, and what load does.
        """
        text = to_json(dict(state))
        if len(text) > self._request.room_for_progress:
            raise ProgressTooLarge(
                f"{len(text)} bytes are to be saved, and beside the body of request {self._request.request_id} there "
                f"is room for {self._request.room_for_progress}: keep a key to them instead, and them elsewhere"
            )
        saved: bool = self._perform(SaveProgress(self._request.request_id, self._request.received_at, text))
        self.is_kept = self.is_kept or saved
        return saved
