"""What the functions print of requests: ids, counters and numbers, and never a body."""

import json
from pathlib import Path

from gapless.client import Client
from gapless.local.background import start_stack
from tests.local.stack_files import copy_stack, replace_in
from tests.waiting import wait_until

SECRET = "iban-DE02120300000000202051"
BODIES = {
    "numbered": {"note": SECRET},
    "refused": {"lines": [], "note": SECRET},
    "down": {"down": SECRET},
    "too-much": {"too-much": SECRET},
}
WORK = """    if "down" in request.body:
        raise OSError("the ledger is down")
    if "too-much" in request.body:
        return {"copied": [request.text] * 100_000}
"""


def test_no_body_is_ever_printed(tmp_path: Path) -> None:
    """At DEBUG, where most is said; of requests that are numbered, refused, tried again, and overruled."""
    template = copy_stack(tmp_path)
    work = template.parent / "functions/processor/work.py"
    replace_in(work, '    if "lines" not in request.body:', WORK + '    if "lines" not in request.body:')
    replace_in(template, "MaximumRetryAttempts: 10", "MaximumRetryAttempts: 1")
    data = tmp_path / "data"
    stack = start_stack(data, "--template", str(template), "--parameter", "LogLevel=DEBUG")
    try:
        client = Client(stack.target)
        for request_id, body in BODIES.items():
            client.submit(json.dumps(body).encode(), request_id=request_id)
        for request_id in BODIES.keys() - {"down"}:
            client.wait(request_id)
        wait_until("a line about each request", lambda: all(f'"{one}"' in printed(data) for one in BODIES))
        wait_until("the failure told of", lambda: "the ledger is down" in printed(data))
    finally:
        stack.stop()
    assert SECRET not in printed(data)
    assert SECRET not in stack.log


def printed(data: Path) -> str:
    """Everything that the functions have printed."""
    return "".join(file.read_text(encoding="utf-8") for file in (data / "logs").glob("*.log"))
