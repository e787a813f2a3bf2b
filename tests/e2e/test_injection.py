"""Hostile ids, counters and bodies all the way: stored, numbered by the functions, and kept as the text they are."""

import json
import random
import re
import uuid
from typing import Any
from urllib.parse import quote

from gapless.client import FINISHED
from gapless.load import connect
from gapless.local.background import BackgroundStack
from gapless.target import Target
from tests.e2e.http import JSON, Http
from tests.hostile import texts
from tests.waiting import wait_until

ATTEMPTS = 40
ATTRIBUTES = {"requestId", "counter", "request", "status", "receivedAt", "result", "number", "completedAt", "ttl"}


def finished(target: Target, request_id: str) -> dict[str, Any]:
    """A request's item as it lies in the table, once it is DONE or FAILED."""
    dynamodb, key = connect(target), {"requestId": {"S": request_id}}

    def look() -> Any:
        item = dynamodb.get_item(TableName=target.requests_table, Key=key, ConsistentRead=True)["Item"]
        return item if item["status"]["S"] in FINISHED else None

    item: dict[str, Any] = wait_until(f"{request_id!r} finished", look)
    return item


def test_what_is_numbered_is_what_was_sent(local_stack: BackgroundStack, http: Http, seeded: random.Random) -> None:
    target = local_stack.target
    dynamodb, run = connect(target), uuid.uuid4().hex[:8]
    sent = {}
    for number, text in enumerate(texts(seeded, ATTEMPTS)):
        counter, body = f"{run} {text}", json.dumps({text: text}, ensure_ascii=False)
        request_id = f"{run}-{number}" + re.sub(r"[\x00-\x1f\x7f]", "", text)
        item = {"counterName": {"S": counter}, "value": {"N": "0"}, "allocation": {"S": "stream"}}
        dynamodb.put_item(TableName=target.counters_table, Item=item)
        on_the_wire = request_id.encode().decode("latin-1")  # http.client sends a header's text as Latin-1
        headers = JSON | {"x-amzn-RequestId": on_the_wire}
        answer = http.call("PUT", f"/requests?counter={quote(counter, safe='')}", body.encode(), headers)
        assert (answer.status, answer.document["requestId"], answer.document["counter"]) == (202, request_id, counter)
        sent[request_id] = (counter, body)
    for request_id, (counter, body) in sent.items():
        item = finished(target, request_id)
        assert item.keys() == ATTRIBUTES
        texts_of_it = (item["status"]["S"], item["counter"]["S"], item["request"]["S"])
        assert (*texts_of_it, item["number"]["N"]) == ("DONE", counter, body, "1")
        key = {"counterName": {"S": counter}}
        kept = dynamodb.get_item(TableName=target.counters_table, Key=key, ConsistentRead=True)["Item"]
        assert (kept["counterName"]["S"], kept["value"]["N"]) == (counter, "1")
