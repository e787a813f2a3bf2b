"""A mapping's settings as a SAM template states them."""

import pytest

from gapless.local.stream import InvalidMapping, MappingSettings


def test_defaults_are_those_of_aws() -> None:
    settings = MappingSettings.from_template({"StartingPosition": "LATEST"})
    assert settings == MappingSettings(
        starting_position="LATEST",
        batch_size=100,
        batching_window=0,
        report_item_failures=False,
        bisect=False,
        maximum_retries=-1,
        maximum_record_age=-1,
        on_failure=None,
        filters=[],
        parallelization_factor=1,
        tumbling_window=0,
        enabled=True,
    )


def test_every_property_is_read() -> None:
    settings = MappingSettings.from_template(
        {
            "Stream": "arn",
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": "25",
            "MaximumBatchingWindowInSeconds": 1,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 10,
            "MaximumRecordAgeInSeconds": 21600,
            "DestinationConfig": {"OnFailure": {"Destination": "arn:queue"}},
            "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
            "ParallelizationFactor": 2,
            "Enabled": "false",
            "MetricsConfig": {"Metrics": ["EventCount"]},
        }
    )
    assert settings == MappingSettings(
        starting_position="TRIM_HORIZON",
        batch_size=25,
        batching_window=1,
        report_item_failures=True,
        bisect=True,
        maximum_retries=10,
        maximum_record_age=21600,
        on_failure="arn:queue",
        filters=["{}"],
        parallelization_factor=2,
        enabled=False,
    )


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPosition must be TRIM_HORIZON or LATEST"),
        ({"StartingPosition": None}, "StartingPosition"),
        ({"BatchSize": 0}, "BatchSize must be from 1 to 10000, not 0"),
        ({"BatchSize": "many"}, "BatchSize must be a whole number"),
        ({"MaximumBatchingWindowInSeconds": 301}, "MaximumBatchingWindowInSeconds"),
        ({"MaximumRetryAttempts": -2}, "MaximumRetryAttempts"),
        ({"MaximumRecordAgeInSeconds": 30}, "-1 or at least 60"),
        ({"ParallelizationFactor": 11}, "ParallelizationFactor"),
        ({"TumblingWindowInSeconds": 60, "ParallelizationFactor": 2}, "needs ParallelizationFactor 1"),
        ({"FunctionResponseTypes": ["Report"]}, "FunctionResponseTypes"),
        ({"BisectBatchOnFunctionError": "maybe"}, "true or false"),
        ({"BatchSiez": 10, "Queue": "x"}, "BatchSiez, Queue: not supported on the local stack for a DynamoDB event"),
    ],
)
def test_what_lambda_would_refuse_is_refused(properties: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidMapping, match=complaint):
        MappingSettings.from_template({"StartingPosition": "LATEST", **properties})
