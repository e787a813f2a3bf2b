"""The example that an adopter replaces."""

import json

import pytest

from tests.unit.records import make_request
from work import Rejected, work


def order(*lines: object) -> str:
    return json.dumps({"lines": lines})


def line(quantity: object = 1, price: str = "1", sku: object = "a") -> str:
    return f'{{"sku": {json.dumps(sku)}, "quantity": {json.dumps(quantity)}, "unitPrice": {price}}}'


@pytest.mark.parametrize(
    ("lines", "total"),
    [
        ([line(3, "19.99")], "59.97"),
        ([line(1, "0.1"), line(1, "0.2")], "0.3"),
        ([line(2, "5"), line(1, "0")], "10"),
        ([line(1_000_000_000, "0.000000000001")], "0.001000000000"),
        ([line(1_000_000_000, "1e15")], "1000000000000000000000000"),
    ],
)
def test_an_order_is_totalled_exactly(lines: list[str], total: str) -> None:
    result = work(make_request(body=f'{{"lines": [{", ".join(lines)}]}}'))
    assert result == {"lines": len(lines), "total": total}


def test_a_body_without_lines_has_no_result() -> None:
    assert work(make_request(body='{"hello": "world"}')) is None


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("[]", "lines must be"),
        ("{}", "lines must be"),
        ("[1]", "line 1 is not an object"),
        (f"[{line()}, {line(sku='')}]", "line 2 has no sku"),
        (f"[{line(sku=7)}]", "line 1 has no sku"),
        (f"[{line(0)}]", "quantity"),
        (f"[{line(True)}]", "quantity"),
        (f"[{line(1.5)}]", "quantity"),
        (f"[{line(10**10)}]", "quantity"),
        (f"[{line(1, '-0.01')}]", "unitPrice"),
        (f"[{line(1, '1.0000000000001')}]", "unitPrice"),
        (f"[{line(1, '1e999999999')}]", "unitPrice"),
        (f"[{line(1, '9' * 5000)}]", "unitPrice"),
        (f"[{line(1, 'true')}]", "unitPrice"),
        (f"[{line(1, json.dumps('1'))}]", "unitPrice"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_refused_for_good(lines: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        work(make_request(body=f'{{"lines": {lines}}}'))
