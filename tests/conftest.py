"""Options of the whole suite: how much of it runs, and from which seed."""

import random

import pytest


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
