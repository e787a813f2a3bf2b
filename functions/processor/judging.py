"""What work() makes of a request, as a verdict."""

import json
from decimal import Decimal

from request import Accepted, InvalidBody, Refused, Request, Verdict
from work import Rejected, work


def judge(request: Request) -> Verdict:
    """Ask work() about one request; whatever it raises besides Rejected goes through."""
    try:
        _ = request.body
    except InvalidBody as invalid:
        return Refused("InvalidBody", str(invalid))
    try:
        result = json.dumps(work(request), default=write_decimal, allow_nan=False, separators=(",", ":"))
    except Rejected as refusal:
        return Refused(str(refusal.code), str(refusal))
    if len(result) > request.room:
        return Refused("ResultTooLarge", f"the result has {len(result)} bytes and the item has room for {request.room}")
    return Accepted(result)


def write_decimal(value: object) -> str:
    """A Decimal as text, exactly: JSON's numbers would pass through a float somewhere."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"work() returned a {type(value).__name__}, which JSON cannot hold")
