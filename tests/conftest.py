"""The whole suite: the function's environment, how much runs, and from which seed."""

import os
import random

import pytest

# app.py reads its settings when it is imported, as in Lambda.
os.environ.update(
    {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "REQUESTS_TABLE": "test-RequestsTable",
        "COUNTERS_TABLE": "test-CountersTable",
        "JOURNAL_TABLE": "test-JournalTable",
        "DEFAULT_COUNTER": "requests",
        "RETENTION_DAYS": "30",
        "FAILED_RETENTION_DAYS": "0",
        "LANES": "on",
        "MOST_RESENDS": "12",
        "SWEEP_AFTER_SECONDS": "3600",
        "POWERTOOLS_SERVICE_NAME": "processor",
        "POWERTOOLS_METRICS_NAMESPACE": "Gapless",
    }
)
for variable in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_SESSION_TOKEN"):
    os.environ.pop(variable, None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """--everything runs what a fresh machine may lack the tools for, or the patience; --seed replays random tests."""
    parser.addoption("--everything", action="store_true", help="also DynamoDB Local, sam and the long campaigns")
    parser.addoption("--seed", type=int, default=None, help="the seed that random tests start from")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed."""
    config.addinivalue_line("markers", "everything: runs only with --everything (make test-all)")
    if config.getoption("--seed") is None:
        config.option.seed = random.SystemRandom().randrange(2**32)


def pytest_report_header(config: pytest.Config) -> str:
    """Print it, so that one command replays a failure."""
    return f"seed: {config.getoption('--seed')} (replay with --seed {config.getoption('--seed')})"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, with the reason, what was not asked for."""
    if config.getoption("--everything"):
        return
    for item in items:
        if item.get_closest_marker("everything"):
            item.add_marker(pytest.mark.skip(reason="only with --everything: make test-all"))


@pytest.fixture
def seeded(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers that --seed repeats, different for each test."""
    return random.Random(f"{request.config.getoption('--seed')} {request.node.nodeid}")
