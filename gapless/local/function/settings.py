"""What a function is, and the environment Lambda gives its handler."""

import os
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

# Of the caller's own environment only what a program needs to run at all: no AWS_* credential or profile gets through.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True)
class FunctionSettings:
    """One function of the template.

    handler: `module.function`; code: its CodeUri folder; environment: Environment.Variables, resolved;
    timeout_seconds and memory_mb: Timeout and MemorySize; arn: `arn:aws:lambda:REGION:ACCOUNT:function:NAME`.
    """

    name: str
    handler: str
    code: Path
    arn: str
    environment: dict[str, str] = field(default_factory=dict)
    timeout_seconds: float = 3.0
    memory_mb: int = 128

    @property
    def region(self) -> str:
        """The region in the ARN."""
        return self.arn.split(":")[3]


def handler_environment(settings: FunctionSettings, runtime_api: str, instance: str) -> dict[str, str]:
    """The environment of one handler process: Lambda's own variables, then the function's.

    runtime_api: `host:port`; instance: a name for the log stream, unique per process.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    code = str(settings.code.resolve())
    return {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        **credentials(settings.region),
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": settings.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{settings.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{instance}",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "LAMBDA_TASK_ROOT": code,
        "_HANDLER": settings.handler,
        "TZ": ":UTC",
        "PYTHONUNBUFFERED": "1",
        **settings.environment,
    }


def credentials(region: str) -> dict[str, str]:
    """Dummy credentials, and no way from here to real ones: not by a profile, not by instance metadata."""
    return {
        "AWS_ACCESS_KEY_ID": "gapless",
        "AWS_SECRET_ACCESS_KEY": "gapless",  # nosec B105 - no local engine asks for one
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
