"""What the meter takes for calls, against DynamoDB's rules: sizes in KB, twice in transactions, failures too."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from connection import connect
from gapless.bench.meter import Bill, Meter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "items"
ABSENT = "attribute_not_exists(id)"


@pytest.fixture
def client() -> Iterator["DynamoDBClient"]:
    """A table with an item of 1,300 bytes."""
    with mock_aws():
        client = connect()
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        client.put_item(TableName=TABLE, Item=item("there", 1300))
        yield client


def item(key: str, size: int) -> dict[str, Any]:
    """An item of so many bytes: names and values."""
    return {"id": {"S": key}, "text": {"S": "." * (size - len("id") - len(key) - len("text"))}}


def update(key: str, **more: Any) -> dict[str, Any]:
    """An update that leaves the item's size as it is."""
    changes = {"UpdateExpression": "SET #t = #t", "ExpressionAttributeNames": {"#t": "text"}}
    return {"TableName": TABLE, "Key": {"id": {"S": key}}, **changes, **more}


@pytest.mark.parametrize(("size", "units"), [(20, 1), (1024, 1), (1025, 2), (3000, 3)])
def test_a_put_costs_a_unit_for_each_begun_kilobyte(client: "DynamoDBClient", size: int, units: int) -> None:
    meter = Meter(client)
    client.put_item(TableName=TABLE, Item=item("new", size))
    assert meter.bill({}) == Bill(requests=1, failed=0, write_units=units, read_units=0)


def test_an_update_costs_what_the_item_is_that_it_returns(client: "DynamoDBClient") -> None:
    meter = Meter(client)
    client.update_item(**update("there", ReturnValues="ALL_NEW"))
    assert meter.bill({}).write_units == 2


def test_an_update_that_returns_nothing_is_taken_for_the_largest_item(client: "DynamoDBClient") -> None:
    meter = Meter(client)
    client.update_item(**update("there"))
    assert meter.bill({TABLE: 2049}).write_units == 3


def test_a_refused_update_costs_as_much_and_has_failed(client: "DynamoDBClient") -> None:
    meter = Meter(client)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        client.update_item(**update("there", ConditionExpression=ABSENT, ReturnValuesOnConditionCheckFailure="ALL_OLD"))
    assert meter.bill({TABLE: 1300}) == Bill(requests=1, failed=1, write_units=2, read_units=0)


@pytest.mark.parametrize(("condition", "failed"), [({}, 0), ({"ConditionExpression": ABSENT}, 1)])
def test_a_transaction_costs_twice_whether_or_not_it_succeeds(
    client: "DynamoDBClient", condition: dict[str, Any], failed: int
) -> None:
    client.put_item(TableName=TABLE, Item=item("too", 1300))
    meter = Meter(client)
    actions: Any = [{"Update": update("there", **condition)}, {"Update": update("too")}]
    if failed:
        with pytest.raises(ClientError, match="TransactionCanceled"):
            client.transact_write_items(TransactItems=actions)
    else:
        client.transact_write_items(TransactItems=actions)
    assert meter.bill({TABLE: 1300}) == Bill(requests=1, failed=failed, write_units=8, read_units=0)


def test_each_statement_of_a_batch_is_a_write(client: "DynamoDBClient") -> None:
    statement: Any = {"Statement": f'UPDATE "{TABLE}" SET "x"=? WHERE "id"=?', "Parameters": [{"N": "1"}, {"S": "a"}]}  # noqa: S608 - a name of ours
    refused: Any = {"Error": {"Code": "ConditionalCheckFailed", "Message": "no"}}
    meter = Meter(client)
    with Stubber(client) as stubber:  # moto tells nothing of a refused statement
        stubber.add_response("batch_execute_statement", {"Responses": [{}, refused]})
        client.batch_execute_statement(Statements=[statement, statement])
    assert meter.bill({TABLE: 100}) == Bill(requests=1, failed=1, write_units=2, read_units=0)


@pytest.mark.parametrize(("key", "units"), [("there", 1), ("large", 3), ("nowhere", 1)])
def test_a_read_costs_a_unit_for_each_begun_four_kilobytes(client: "DynamoDBClient", key: str, units: int) -> None:
    client.put_item(TableName=TABLE, Item=item("large", 8193))
    meter = Meter(client)
    client.get_item(TableName=TABLE, Key={"id": {"S": key}}, ConsistentRead=True)
    assert meter.bill({}) == Bill(requests=1, failed=0, write_units=0, read_units=units)


def test_a_batch_of_reads_costs_the_whole_of_each_item(client: "DynamoDBClient") -> None:
    meter = Meter(client)
    keys: Any = [{"id": {"S": "there"}}, {"id": {"S": "nowhere"}}]
    client.batch_get_item(RequestItems={TABLE: {"Keys": keys, "ConsistentRead": True, "ProjectionExpression": "id"}})
    assert meter.bill({TABLE: 5000}).read_units == 4
