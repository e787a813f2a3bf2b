"""THE ONE FILE TO EDIT: what your requests mean. Everything else here stays as it is.

`work(request)` is called for each request, in order, before it gets its number:

- return anything JSON can hold: the request will be DONE, and this is its `result` (a Decimal becomes text, exactly);
- raise `Rejected(reason)`: the request ends FAILED, for good, and takes no number;
- raise anything else (a service of yours is down): nothing is decided, and the request is tried again.

A request may be worked on more than once, so what `work` does elsewhere has to bear repetition. Given a parameter
`progress`, it can keep how far it is: `progress.load()`, `progress.save({...})`; see docs/architecture.md.
`request` has: request_id, counter, received_at (epoch ms), body (a dict; decimals as decimal.Decimal), text (as sent).

What follows is an EXAMPLE to replace: an order is checked and totalled.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

from request import Request

# Enough digits for any order below the limits, and an error rather than a rounded cent beyond them.
EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
MOST_LINES = 10_000
MOST_PIECES = 1_000_000_000
HIGHEST_PRICE = Decimal(10) ** 15
FINEST_PRICE = 12  # decimal places


class Rejected(Exception):
    """A final refusal; the reason is shown to the client."""

    def __init__(self, reason: str, code: str = "Rejected") -> None:
        super().__init__(reason)
        self.code = code


def work(request: Request) -> Any:
    """Check an order and total it; a body without `lines` is accepted as it is, with no result."""
    if "lines" not in request.body:
        return None
    lines = request.body["lines"]
    if not isinstance(lines, list) or not 0 < len(lines) <= MOST_LINES:
        raise Rejected(f"lines must be a list of 1 to {MOST_LINES} lines")
    total = Decimal(0)
    for position, line in enumerate(lines, start=1):
        total = EXACT.add(total, price_line(line, position))
    return {"lines": len(lines), "total": format(total, "f")}


def price_line(line: Any, position: int) -> Decimal:
    """Quantity times unit price of {"sku", "quantity", "unitPrice"}, exactly. Raises Rejected."""
    if not isinstance(line, dict):
        raise Rejected(f"line {position} is not an object")
    sku, quantity, price = (line.get(name) for name in ("sku", "quantity", "unitPrice"))
    if not isinstance(sku, str) or not sku.strip():
        raise Rejected(f"line {position} has no sku")
    if type(quantity) is not int or not 0 < quantity <= MOST_PIECES:
        raise Rejected(f"line {position}: quantity must be a whole number from 1 to {MOST_PIECES}")
    if type(price) is int:
        price = Decimal(price)
    if not isinstance(price, Decimal) or not 0 <= price <= HIGHEST_PRICE or places(price) > FINEST_PRICE:
        raise Rejected(f"line {position}: unitPrice must be a number from 0 to 1e15 with at most 12 decimal places")
    return EXACT.multiply(Decimal(quantity), price)


def places(number: Decimal) -> int:
    """How many decimal places a finite number has: 2 for 1.25."""
    return -int(number.as_tuple().exponent)
