"""`sam deploy` of a stack that is there, with other parameters: data stays, and what they change takes effect.

That `live` moves to a new version is not seen here: ministack makes a function anew and forgets its versions.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.sam.deployable import deploy
from tests.sam.deployed import Deployed
from tests.sam.facts import TABLES

pytestmark = pytest.mark.everything

ITEMS: dict[str, dict[str, Any]] = {
    "RequestsTable": {"requestId": {"S": "a"}, "status": {"S": "DONE"}, "number": {"N": "7"}},
    "CountersTable": {"counterName": {"S": "requests"}, "value": {"N": "7"}},
    "JournalTable": {"entryId": {"B": b"entry"}},
}


def read_items(stack: Deployed) -> dict[str, list[dict[str, Any]]]:
    """All that the tables hold."""
    dynamodb = stack.client("dynamodb")
    return {name: dynamodb.scan(TableName=stack.physical_id(name))["Items"] for name in TABLES}


def test_an_update_keeps_the_data_and_changes_the_settings(built: Path, endpoint: str) -> None:
    deploy(built, "gapless-updated", endpoint, "LogLevel=INFO")
    before = Deployed("gapless-updated", "AWS_IAM", endpoint)
    for name, item in ITEMS.items():
        before.client("dynamodb").put_item(TableName=before.physical_id(name), Item=item)
    stored = read_items(before)
    assert before.function("Processor")["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == "INFO"

    deploy(built, "gapless-updated", endpoint, "LogLevel=DEBUG", "Deployment=Canary10Percent5Minutes")
    after = Deployed("gapless-updated", "AWS_IAM", endpoint)

    assert read_items(after) == stored == {name: [item] for name, item in ITEMS.items()}
    assert [after.physical_id(name) for name in TABLES] == [before.physical_id(name) for name in TABLES]
    for name in ("Processor", "Sweeper"):
        assert after.function(name)["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == "DEBUG"
    assert after.mapping()["FunctionArn"].endswith(":live")
