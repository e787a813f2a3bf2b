"""Waiting on a condition, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(what: str, condition: Callable[[], Value], seconds: float = 30.0) -> Value:
    """The condition's value once it is true; fails with `what` when it is not in time."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:g} s still not: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
    return value
