"""The settings of a DynamoDB event source mapping, as a SAM template states them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REPORT = "ReportBatchItemFailures"
WITHOUT_LOCAL_EFFECT = {
    "KmsKeyArn": "patterns are not encrypted here",
    "MetricsConfig": "nobody reads metrics here",
}


class InvalidMapping(ValueError):
    """A mapping that Lambda would refuse, or that the local stack does not support; the text names the property."""


@dataclass(frozen=True)
class MappingSettings:
    """One mapping; times in seconds, -1 stands for no limit.

    on_failure: the ARN of the queue or bucket that gets what was given up on; filters: the patterns, JSON text each.
    """

    starting_position: str
    batch_size: int = 100
    batching_window: int = 0
    report_item_failures: bool = False
    bisect: bool = False
    maximum_retries: int = -1
    maximum_record_age: int = -1
    on_failure: str | None = None
    filters: list[str] = field(default_factory=list)
    parallelization_factor: int = 1
    tumbling_window: int = 0
    enabled: bool = True

    @classmethod
    def from_template(cls, properties: Mapping[str, Any]) -> "MappingSettings":
        """Read the resolved Properties of a SAM `DynamoDB` event.

        `Stream` is not read: its ARN names a table, whose stream has another ARN on every engine.
        Raises InvalidMapping for an unknown property or a value out of its limits.
        Source: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
        """
        rest = {name: value for name, value in properties.items() if name not in {"Stream", *WITHOUT_LOCAL_EFFECT}}
        settings = cls(
            starting_position=take_choice(rest, "StartingPosition", ("TRIM_HORIZON", "LATEST")),
            batch_size=take_number(rest, "BatchSize", 100, 1, 10_000),
            batching_window=take_number(rest, "MaximumBatchingWindowInSeconds", 0, 0, 300),
            report_item_failures=take_response_types(rest),
            bisect=take_flag(rest, "BisectBatchOnFunctionError", False),
            maximum_retries=take_number(rest, "MaximumRetryAttempts", -1, -1, 10_000),
            maximum_record_age=take_record_age(rest),
            on_failure=rest.pop("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
            filters=[one["Pattern"] for one in rest.pop("FilterCriteria", {}).get("Filters", [])],
            parallelization_factor=take_number(rest, "ParallelizationFactor", 1, 1, 10),
            tumbling_window=take_number(rest, "TumblingWindowInSeconds", 0, 0, 900),
            enabled=take_flag(rest, "Enabled", True),
        )
        if rest:
            raise InvalidMapping(f"{', '.join(sorted(rest))}: not supported on the local stack for a DynamoDB event")
        if settings.tumbling_window and settings.parallelization_factor > 1:
            raise InvalidMapping("TumblingWindowInSeconds needs ParallelizationFactor 1")
        return settings


def take_number(rest: dict[str, Any], name: str, default: int, low: int, high: int) -> int:
    """Take a whole number within its limits; a template parameter's value may be text."""
    value = rest.pop(name, default)
    try:
        number = int(str(value))
    except ValueError:
        raise InvalidMapping(f"{name} must be a whole number, not {value!r}") from None
    if not low <= number <= high:
        raise InvalidMapping(f"{name} must be from {low} to {high}, not {number}")
    return number


def take_record_age(rest: dict[str, Any]) -> int:
    """Take MaximumRecordAgeInSeconds: -1, or 60 to 604,800."""
    age = take_number(rest, "MaximumRecordAgeInSeconds", -1, -1, 604_800)
    if -1 < age < 60:
        raise InvalidMapping(f"MaximumRecordAgeInSeconds must be -1 or at least 60, not {age}")
    return age


def take_flag(rest: dict[str, Any], name: str, default: bool) -> bool:
    """Take a boolean; a template parameter's value may be text."""
    value = str(rest.pop(name, default)).lower()
    if value not in ("true", "false"):
        raise InvalidMapping(f"{name} must be true or false, not {value!r}")
    return value == "true"


def take_choice(rest: dict[str, Any], name: str, choices: tuple[str, ...]) -> str:
    """Take a required property with a fixed set of values."""
    value = rest.pop(name, None)
    if value not in choices:
        raise InvalidMapping(f"{name} must be {' or '.join(choices)}, not {value!r}")
    return str(value)


def take_response_types(rest: dict[str, Any]) -> bool:
    """Take FunctionResponseTypes: whether it asks for ReportBatchItemFailures."""
    types = rest.pop("FunctionResponseTypes", [])
    if not set(types) <= {REPORT}:
        raise InvalidMapping(f"FunctionResponseTypes may hold {REPORT} only, not {types!r}")
    return bool(types)
