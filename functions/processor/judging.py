"""What work() makes of a request, as a verdict."""

from collections.abc import Callable
from inspect import signature
from typing import Any

from operations import Operation
from progress import Progress
from request import Accepted, InvalidBody, Refused, Request, Verdict, to_json
from work import Rejected, work

TAKES_PROGRESS = "progress" in signature(work).parameters  # looked at once


def judge(request: Request, perform: Callable[[Operation], Any], until: float) -> Verdict:
    """Ask work() about one request; whatever it raises besides Rejected goes through.

    perform: carries out what work() keeps and asks for; until: on time.monotonic, when it had better be done.
    """
    try:
        _ = request.body
    except InvalidBody as invalid:
        return Refused("InvalidBody", str(invalid))
    progress = Progress(request, perform, until)
    ask: Callable[..., Any] = work
    try:
        result = to_json(ask(request, progress=progress) if TAKES_PROGRESS else ask(request))
    except Rejected as refusal:
        return Refused(str(refusal.code), str(refusal))
    if len(result) > request.room:
        return Refused("ResultTooLarge", f"the result has {len(result)} bytes and the item has room for {request.room}")
    return Accepted(result, progress.is_kept)
