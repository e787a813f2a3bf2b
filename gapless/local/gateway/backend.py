"""What stands behind the gateway: DynamoDB, or a mock."""

import asyncio
import logging
import re

import aiohttp

from gapless.local.engine import Engine
from gapless.local.gateway.refusal import Refusal
from gapless.local.gateway.strict_json import NotJson, read_json

LOG = logging.getLogger(__name__)

READS = frozenset({"BatchGetItem", "DescribeTable", "GetItem", "ListTables", "Query", "Scan", "TransactGetItems"})
# What DynamoDB says to a document that is not JSON. Engines differ: DynamoDB Local answers 500.
SERIALIZATION_EXCEPTION = b'{"__type":"com.amazon.coral.service#SerializationException"}'
# The mock reads its status leniently: `{statusCode: 200}` and a trailing comma are accepted by AWS.
MOCK_STATUS = re.compile(r"""["']?\bstatusCode\b["']?\s*:\s*([1-5]\d\d)\b""")


async def call_dynamodb(engine: Engine, action: str, text: str, seconds: float) -> tuple[int, bytes]:
    """Send the rendered text and return the status and body of the answer.

    action: such as PutItem; seconds: how long to wait. Raises Refusal when the engine cannot be reached or is too slow.
    """
    if not _is_object(text):
        return 400, SERIALIZATION_EXCEPTION
    try:
        async with asyncio.timeout(seconds):
            answer = await engine.post(f"DynamoDB_20120810.{action}", text.encode())
    except TimeoutError as error:
        raise Refusal("INTEGRATION_TIMEOUT") from error
    except (aiohttp.ClientError, OSError) as error:
        LOG.warning("DynamoDB could not be reached: %s", error)
        raise Refusal("INTEGRATION_FAILURE") from error
    return answer.status, answer.body


def mock_status(text: str) -> int:
    """The status that a mock's rendered text asks for; raises Refusal when it asks for none."""
    found = MOCK_STATUS.search(text)
    if found is None:
        LOG.error('a mock needs {"statusCode": NUMBER} from its request template, which gave %r', text[:200])
        raise Refusal("API_CONFIGURATION_ERROR")
    return int(found[1])


def _is_object(text: str) -> bool:
    try:
        return isinstance(read_json(text), dict)
    except NotJson:
        return False
