"""The tables of template.yaml, created as it declares them: tests and stack cannot drift apart."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gapless.local.provision import TABLE_CREATES
from gapless.local.template import load

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = Path(__file__).parent.parent / "template.yaml"


def create_tables(client: "DynamoDBClient", stack_name: str = "test") -> dict[str, str]:
    """Create them all; returns logical id -> table name."""
    template = load(TEMPLATE, {}, stack_name=stack_name, region="us-east-1", account="000000000000")
    tables = template.of_type("AWS::DynamoDB::Table")
    for table in tables:
        declared: dict[str, Any] = {name: value for name, value in table.properties.items() if name in TABLE_CREATES}
        client.create_table(TableName=table.physical_id, **declared)
    return {table.logical_id: table.physical_id for table in tables}
