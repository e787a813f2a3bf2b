"""moto, in process: for what the store writes and how it reads answers; neither concurrency nor lost answers."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from store import Settings, connect
from tests.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# app.py reads its settings when it is imported, as in Lambda.
os.environ.update(
    {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "REQUESTS_TABLE": "test-RequestsTable",
        "COUNTERS_TABLE": "test-CountersTable",
        "DEFAULT_COUNTER": "requests",
        "RETENTION_DAYS": "30",
        "FAILED_RETENTION_DAYS": "0",
        "POWERTOOLS_SERVICE_NAME": "processor",
        "POWERTOOLS_METRICS_NAMESPACE": "Gapless",
    }
)
for variable in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_SESSION_TOKEN"):
    os.environ.pop(variable, None)


@pytest.fixture
def client() -> Iterator["DynamoDBClient"]:
    """DynamoDB with the template's tables, empty."""
    with mock_aws():
        client = connect()
        create_tables(client)
        yield client


@pytest.fixture
def settings() -> Settings:
    """The function's settings."""
    return Settings.from_environment(os.environ)
