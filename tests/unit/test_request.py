"""What is read from a record, and what counts as a JSON object."""

from decimal import Decimal

import pytest

from request import ITEM_LIMIT, InvalidBody, is_announced, parse_body, read_request, value_size
from tests.unit.records import make_record, make_request


def test_a_request_is_read_from_the_image() -> None:
    record = make_record("abc", '{"a": 1}', counter="orders", received_at=42)
    request = read_request(record)
    assert (request.request_id, request.counter, request.text, request.received_at) == ("abc", "orders", '{"a": 1}', 42)
    assert request.sequence == int(record["dynamodb"]["SequenceNumber"])
    assert request.body == {"a": 1}


def test_the_size_is_dynamodbs() -> None:
    # names 9+7+7+6+10+6; values 3+8+2+7+(13 digits: 8)+256
    assert make_request("abc", "{}", counter="requests").size == 45 + 3 + 8 + 2 + 7 + 8 + 256


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"N": "1"}, 2),
        ({"N": "-12345678901234567890123456789012345678"}, 21),
        ({"B": "AAAA"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"M": {"ab": {"S": "c"}}}, 3 + 2 + 1 + 1),
        ({"L": [{"S": "abc"}]}, 3 + 1 + 3),
        ({"SS": ["ab", "c"]}, 3),
    ],
)
def test_value_sizes(value: dict[str, object], size: int) -> None:
    assert value_size(value) == size


def test_the_room_for_a_result_ends_at_the_item_limit() -> None:
    small, large = make_request(body="{}"), make_request(body="x" * (350 * 1024))
    assert small.room - large.room == 350 * 1024 - 2
    assert make_request(body="x" * ITEM_LIMIT).room == 0


def test_only_waiting_requests_count_and_not_that_work_has_saved_something() -> None:
    assert is_announced(make_record())
    assert is_announced(make_record(event_name="MODIFY"))
    assert not is_announced(make_record(status="DONE"))
    assert not is_announced({"eventName": "REMOVE", "dynamodb": {"Keys": {}}})
    saved = make_record(event_name="MODIFY")
    saved["dynamodb"]["NewImage"] |= {"progress": {"S": "{}"}, "saved": {"BOOL": True}}
    assert not is_announced(saved)
    del saved["dynamodb"]["NewImage"]["saved"]
    assert is_announced(saved)


def test_what_is_kept_of_a_request_takes_no_room_from_its_result() -> None:
    record = make_record("abc")
    bare = read_request(record)
    record["dynamodb"]["NewImage"] |= {"progress": {"S": "x" * 1000}}
    assert (read_request(record).size, read_request(record).room) == (bare.size, bare.room)


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("{}", {}),
        (
            ' {"a": [1, 2.50, -3e2, null, true, "\\ud800"]} ',
            {"a": [1, Decimal("2.50"), Decimal("-3e2"), None, True, "\ud800"]},
        ),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('{"n": 12345678901234567890123456789012345678}', {"n": 12345678901234567890123456789012345678}),
        ('{"n": ' + "9" * 5000 + "}", {"n": Decimal("9" * 5000)}),
    ],
)
def test_strict_json_is_taken(text: str, body: object) -> None:
    assert parse_body(text) == body


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", '"a"', "1", "{", "{} {}", "{'a': 1}", "{a: 1}", '{"a": 1,}', '{"a": NaN}', '{"a": -Infinity}',
     '{"a": 01}', '{"a": "\n"}', "\ufeff{}", '{"a": 1e99999999999999999999}', '{"a":' * 100_000],
    ids=lambda text: repr(text[:24]),
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidBody, match="the body is"):
        parse_body(text)
