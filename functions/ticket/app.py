"""Hands out tickets: POST /numbers/{counter} at the function's own URL takes the next number of a counter.

Path and answer are those of the API's POST /numbers/{counter}, so that a client changes its base URL and nothing else.
The difference: the first call makes the counter, handing out its numbers directly, from 1 on.
"""

import json
import logging
import os
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient

PATH = "/numbers/"
NAME = re.compile(r"[A-Za-z0-9._~-]{1,128}")  # as for `gapless counter create`: what passes through a URL as it is
CONDITION_FAILED = "ConditionalCheckFailedException"
# Developer guide, "Error handling with DynamoDB".
THROTTLED = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}

TAKE = "SET #value = if_not_exists(#value, :zero) + :one, #allocation = if_not_exists(#allocation, :direct)"
IS_DIRECT = "(attribute_not_exists(#allocation) OR #allocation = :direct)"
# A condition takes no arithmetic: the item keeps how many numbers there are (capacity) and how many are gone (value).
HAS_MORE = "(attribute_not_exists(#capacity) OR attribute_not_exists(#value) OR #value < #capacity OR #cycle = :true)"
IS_MADE = "attribute_exists(counterName)"

logger = logging.getLogger()
# A repetition after a lost answer burns a number. So would the caller's own, and then nobody has got one.
client: "DynamoDBClient" = cast(
    "DynamoDBClient",
    botocore.session.get_session().create_client(
        "dynamodb",
        config=Config(retries={"total_max_attempts": 3, "mode": "standard"}, connect_timeout=1, read_timeout=2),
    ),
)


class Refused(Exception):
    """No number, and why; headers: of the answer, besides those that every answer has."""

    def __init__(self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}


def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer one call of the function URL. event: payload format 2.0; what is returned is too.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
    """
    try:
        name = read_counter_name(event)
        return answer(HTTPStatus.OK, "application/json", {"counter": name, "number": take_number(name)}, {})
    except Refused as refusal:
        problem = {
            "type": "about:blank",
            "title": refusal.status.phrase,
            "status": refusal.status,
            "detail": str(refusal),
            "requestId": event["requestContext"]["requestId"],
        }
        return answer(refusal.status, "application/problem+json", problem, refusal.headers)


def read_counter_name(event: dict[str, Any]) -> str:
    """The counter that a call is for. Raises Refused for any other call than POST /numbers/{counter}."""
    path = unquote(event["rawPath"])
    if not path.startswith(PATH):
        raise Refused(HTTPStatus.NOT_FOUND, f"Tickets are at {PATH}{{counter}}.")
    if event["requestContext"]["http"]["method"] != "POST":
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "A ticket is taken by POST.", {"Allow": "POST"})
    name = path.removeprefix(PATH)
    if not NAME.fullmatch(name):
        raise Refused(HTTPStatus.BAD_REQUEST, "A counter's name has 1 to 128 of A-Z a-z 0-9 . _ ~ -")
    if "idempotency-key" in event["headers"]:
        detail = f"Tickets know no Idempotency-Key, which the API's POST {PATH}{{counter}} does."
        raise Refused(HTTPStatus.BAD_REQUEST, detail)
    return name


def take_number(name: str) -> int:
    """The next number of a counter, which is made if there is none. Raises Refused."""
    try:
        return to_number(update_counter(name))
    except ClientError as error:
        code, response = error.response["Error"]["Code"], cast("Any", error.response)
        if code == CONDITION_FAILED:
            raise refuse_for_counter(response.get("Item")) from error
        if code in THROTTLED:
            detail = "The table is busy. Ask again in a moment."
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": "1"}) from error
        if (
            response["ResponseMetadata"]["HTTPStatusCode"] < 500
        ):  # for reasons of ours, and its words are not the caller's
            logger.exception("DynamoDB refused to count %s", name)
            raise Refused(HTTPStatus.BAD_GATEWAY, "The database did not answer as it should.") from error
        raise refuse_for_now() from error
    except (ConnectionError, HTTPClientError) as error:  # refused, reset, timed out
        raise refuse_for_now() from error


def update_counter(name: str) -> dict[str, Any]:
    """Count one, and return the counter's item. Raises what botocore does.

    The default counter is never made here: it would hand its numbers out directly, and number no request.
    """
    conditions = [IS_DIRECT, HAS_MORE, *([IS_MADE] if name == os.environ["DEFAULT_COUNTER"] else [])]
    updated = client.update_item(
        TableName=os.environ["COUNTERS_TABLE"],
        Key={"counterName": {"S": name}},
        UpdateExpression=TAKE,
        ConditionExpression=" AND ".join(conditions),
        ExpressionAttributeNames={f"#{one}": one for one in ("value", "allocation", "capacity", "cycle")},
        ExpressionAttributeValues={
            ":zero": {"N": "0"},
            ":one": {"N": "1"},
            ":direct": {"S": "direct"},
            ":true": {"BOOL": True},
        },
        ReturnValues="ALL_NEW",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    return cast("dict[str, Any]", updated["Attributes"])


def to_number(item: dict[str, Any]) -> int:
    """The number of the ordinal that was taken: from start again when the counter cycles."""
    step = int(item["value"]["N"]) - 1
    if item.get("cycle", {}).get("BOOL") and "capacity" in item:
        step %= int(item["capacity"]["N"])
    start, increment = (int(item[option]["N"]) if option in item else 1 for option in ("start", "increment"))
    return start + step * increment


def refuse_for_counter(item: dict[str, Any] | None) -> Refused:
    """Why a counter gives no number. item: None for the default counter, which its first request makes."""
    if item is None or item.get("allocation", {}).get("S", "direct") != "direct":
        return Refused(
            HTTPStatus.CONFLICT, "The counter numbers requests. Send one to the API, with counter set to its name."
        )
    return Refused(HTTPStatus.CONFLICT, "The counter has handed out its last number.")


def refuse_for_now() -> Refused:
    """The database is not there, or not well. Whether it has counted nobody knows."""
    return Refused(
        HTTPStatus.SERVICE_UNAVAILABLE, "The database cannot be reached. Ask again in a moment.", {"Retry-After": "1"}
    )


def answer(status: HTTPStatus, content_type: str, document: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    """What Lambda makes an HTTP answer of."""
    return {"statusCode": status, "headers": {"Content-Type": content_type, **headers}, "body": json.dumps(document)}
