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
