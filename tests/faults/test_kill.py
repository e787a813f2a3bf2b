"""Promise 4: function processes die by kill -9 under load, and nothing is lost, missing or given twice."""

import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil

from gapless.client import Client
from gapless.load import connect, wait_until_numbered
from gapless.local.background import BackgroundStack, running_stack
from tests.checker import find_faults
from tests.waiting import wait_until

KILLS = 20
WAVE = 60
BODY = b'{"lines": [{"sku": "a", "quantity": 1, "unitPrice": 1}]}'


def handler_processes(stack: BackgroundStack) -> list[int]:
    """The live processes of the processor."""
    found = []
    for process in psutil.Process(stack.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "awslambdaric" in process.cmdline():
                found.append(process.pid)
    return found


def test_twenty_kills_under_load(seeded: random.Random) -> None:
    with running_stack() as stack, ThreadPoolExecutor(8) as pool:
        client, dynamodb = Client(stack.target), connect(stack.target)
        for kill in range(KILLS):
            wave = [pool.submit(client.submit, BODY) for _ in range(WAVE)]
            # Somewhere in the wave, wherever the handlers are by then.
            wait_until_numbered(dynamodb, stack.target, "requests", kill * WAVE + seeded.randrange(1, WAVE))
            os.kill(seeded.choice(wait_until("a live handler", lambda: handler_processes(stack))), signal.SIGKILL)
            for accepted in wave:
                accepted.result()
            wait_until_numbered(dynamodb, stack.target, "requests", (kill + 1) * WAVE)
        assert find_faults(stack.target) == []
