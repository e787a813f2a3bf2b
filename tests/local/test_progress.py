"""What work() saves of a request invokes nothing, on the whole stack: the stream tells of it, the filter drops it."""

import json
from pathlib import Path

import pytest

from gapless.client import Client
from gapless.local.background import running_stack
from tests.local.stack_files import copy_stack
from tests.waiting import wait_until

STEPS = 3
WORK = f'''

def work(request: Request, progress: Any) -> Any:
    """Save a step, and fail until there are enough of them."""
    if "steps" not in request.body:
        return None
    done = progress.load().get("done", 0)
    if done < {STEPS}:
        progress.save({{"done": done + 1}})
        raise OSError("more another time")
    return done
'''


@pytest.mark.everything
def test_a_save_invokes_nothing(tmp_path: Path) -> None:
    template = copy_stack(tmp_path)
    with (template.parent / "functions/processor/work.py").open("a") as work:
        work.write(WORK)
    with running_stack("--template", str(template)) as stack:
        client = Client(stack.target)
        request_id = client.submit(b'{"steps": true}')["requestId"]
        assert client.wait(request_id)["result"] == STEPS
        client.wait(client.submit(b"{}")["requestId"])  # behind every record of a save
        log = Path(stack.description["logs"], "processor.log")

        def sizes() -> list[float]:
            lines = [json.loads(line) for line in log.read_text().splitlines() if '"BatchSize"' in line]
            return [size for line in lines for size in line["BatchSize"]]

        # The first request as often as it takes, the second once, and nothing else.
        assert wait_until("the processor has told of its last batch", lambda: len(sizes()) > STEPS + 1 and sizes())
        assert sizes() == [1.0] * (STEPS + 2)
