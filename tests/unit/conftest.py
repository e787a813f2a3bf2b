"""The tables, on a real engine: no imitation of DynamoDB in process keeps PartiQL's conditions as DynamoDB does."""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

import sweeper
from connection import Settings, connect
from gapless.local.background import running_stack
from gapless.local.dynamodb_local import run_dynamodb_local
from request import Request
from store import Tables
from tests.tables import create_tables
from tests.unit.handler import Handler
from tests.unit.records import make_record, make_request
from tests.unit.swept import Stack
from tests.unit.worker import FOR_EVER, REQUESTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ENGINES = ["ministack", pytest.param("dynamodb-local", marks=pytest.mark.everything)]


@pytest.fixture(scope="session", params=ENGINES)
def endpoint(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where an engine answers: one borrowed from a stack whose own tables are left alone, or AWS's."""
    if request.param == "dynamodb-local":
        with run_dynamodb_local() as url:
            yield url
    else:
        with running_stack() as stack:
            assert stack.target.dynamodb
            yield stack.target.dynamodb


@pytest.fixture(scope="session")
def empty_tables(endpoint: str) -> tuple["DynamoDBClient", dict[str, str]]:
    """A client, and the template's tables, each with its key's attribute."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", endpoint)
        client = connect()
    names = create_tables(client).values()
    described = [client.describe_table(TableName=name)["Table"] for name in names]
    return client, {one["TableName"]: one["KeySchema"][0]["AttributeName"] for one in described}


@pytest.fixture
def client(empty_tables: tuple["DynamoDBClient", dict[str, str]]) -> Iterator["DynamoDBClient"]:
    """DynamoDB with the template's tables, empty."""
    client, tables = empty_tables
    yield client
    for table, key in tables.items():
        for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            for item in page["Items"]:
                client.delete_item(TableName=table, Key={key: item[key]})


@pytest.fixture
def settings() -> Settings:
    """The function's settings."""
    return Settings.from_environment(os.environ)


@pytest.fixture
def tables(client: "DynamoDBClient", settings: Settings) -> Tables:
    """What carries the operations out."""
    return Tables(client, settings)


@pytest.fixture
def perform(tables: Tables) -> Callable[[Any], Any]:
    """Carries an operation out, however long it takes."""
    return lambda operation: tables.perform(operation, FOR_EVER)


@pytest.fixture
def put(client: "DynamoDBClient") -> Callable[..., Request]:
    """Stores a waiting request, with the attributes that are given in addition or instead."""

    def store(request_id: str, body: str = "{}", **attributes: Any) -> Request:
        image = make_record(request_id, body)["dynamodb"]["NewImage"]
        client.put_item(TableName=REQUESTS, Item=image | attributes)
        return make_request(request_id, body)

    return store


@pytest.fixture
def handler(client: "DynamoDBClient", settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Handler:
    """The handler on those tables."""
    return Handler(client, settings, monkeypatch)


@pytest.fixture
def stack(client: "DynamoDBClient", settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The sweeper on those tables."""
    stack = Stack(client, settings)
    monkeypatch.setattr(sweeper, "tables", stack.tables)
    return stack
