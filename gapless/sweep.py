"""Runs a stack's sweeper now: the function that its schedule runs as well."""

import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gapless.target import NotReachable, Target

LONGEST_SWEEP = 900  # seconds that a function may take


class SweepFailed(Exception):
    """The sweeper was invoked, and ended with an error; the text is what Lambda says."""


def run_sweeper(target: Target, resend_after: int | None) -> dict[str, Any]:
    """Invoke the sweeper and wait for what it has done.

    resend_after: seconds that a request must have waited to be sent again, None for the stack's own setting.
    Returns the counts, and `complete`. Raises NotReachable and SweepFailed.
    """
    if not target.sweeper:
        raise NotReachable("the stack has no sweeper: deploy it again from this repository")
    local: Any = {
        "endpoint_url": target.lambda_endpoint,
        "aws_access_key_id": "gapless",
        "aws_secret_access_key": "gapless",  # nosec B105 - no local engine asks for one
    }
    # No second attempt: an invocation whose answer is lost goes on all the same.
    config = Config(read_timeout=LONGEST_SWEEP, retries={"total_max_attempts": 1})
    event = {} if resend_after is None else {"resendAfterSeconds": resend_after}
    try:
        functions = boto3.client(
            "lambda", region_name=target.region, config=config, **(local if target.lambda_endpoint else {})
        )
        answer = functions.invoke(FunctionName=target.sweeper, Payload=json.dumps(event).encode())
        document: dict[str, Any] = json.loads(answer["Payload"].read())
    except (BotoCoreError, ClientError) as error:
        raise NotReachable(f"the sweeper {target.sweeper} could not be invoked: {error}") from error
    if "FunctionError" in answer:
        raise SweepFailed(f"the sweeper failed: {document.get('errorType')}: {document.get('errorMessage')}")
    return document
