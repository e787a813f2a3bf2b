"""The stack the end-to-end tests talk to: local on each engine, or the deployed one that AWS_SAM_STACK_NAME names."""

import os
from collections.abc import Iterator

import pytest

from gapless.local.background import BackgroundStack, running_stack
from gapless.local.dynamodb_local import run_dynamodb_local
from gapless.target import Target, read_outputs
from tests.e2e.http import Http

DEPLOYED = os.environ.get("AWS_SAM_STACK_NAME")
ENGINES = [
    pytest.param("ministack", id="ministack"),
    pytest.param("dynamodb-local", id="dynamodb-local", marks=pytest.mark.everything),
]


@pytest.fixture(scope="module", params=[pytest.param("deployed", id=DEPLOYED)] if DEPLOYED else ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """The options that put a local stack on an engine."""
    if request.param == "dynamodb-local":
        with run_dynamodb_local() as endpoint:
            yield ("--dynamodb-endpoint", endpoint)
    else:
        yield ()


@pytest.fixture(scope="module")
def local_engine(engine: tuple[str, ...]) -> tuple[str, ...]:
    """The same, for tests that start a stack of their own or look inside it."""
    if DEPLOYED:
        pytest.skip("needs a local stack, and AWS_SAM_STACK_NAME names a deployed one")
    return engine


@pytest.fixture(scope="module")
def local_stack(local_engine: tuple[str, ...]) -> Iterator[BackgroundStack]:
    """A local stack of this test run's own."""
    with running_stack(*local_engine) as stack:
        yield stack


@pytest.fixture(scope="module")
def target(request: pytest.FixtureRequest, engine: tuple[str, ...]) -> Target:
    """Where the stack is reached."""
    if DEPLOYED:
        return read_outputs(DEPLOYED)
    stack: BackgroundStack = request.getfixturevalue("local_stack")
    return stack.target


@pytest.fixture(scope="module")
def http(target: Target) -> Http:
    """The API, as any HTTP client sees it."""
    return Http(target)
