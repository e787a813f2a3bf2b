"""What the tests of the commands share."""

from collections.abc import Iterator

import pytest

from gapless.local.background import BackgroundStack, running_stack


@pytest.fixture(scope="module")
def stack() -> Iterator[BackgroundStack]:
    """One stack for the module."""
    with running_stack() as stack:
        yield stack
