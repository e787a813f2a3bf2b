"""What the template says of a function URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gapless.local.template import TemplateError


@dataclass(frozen=True)
class FunctionUrlSettings:
    """signed: whether callers have to sign their requests, AuthType AWS_IAM."""

    signed: bool

    @classmethod
    def from_template(cls, config: Mapping[str, Any], place: str) -> "FunctionUrlSettings":
        """Read a resolved FunctionUrlConfig of SAM; place: where in the template it is.

        Raises TemplateError for what is not supported, and for a value that Lambda would refuse.
        Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-functionurlconfig.html
        """
        for name in config:
            if name not in ("AuthType", "InvokeMode"):
                raise TemplateError(f"{place}.{name}: not supported on the local stack for a function URL")
        if config.get("AuthType") not in ("AWS_IAM", "NONE"):
            raise TemplateError(f"{place}.AuthType: it is AWS_IAM or NONE, not {config.get('AuthType')!r}")
        if config.get("InvokeMode", "BUFFERED") != "BUFFERED":
            raise TemplateError(f"{place}.InvokeMode: only BUFFERED is supported on the local stack")
        return cls(signed=config["AuthType"] == "AWS_IAM")
