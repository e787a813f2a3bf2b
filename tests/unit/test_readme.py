"""What the README shows works as it is shown."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import app
from connection import Settings
from gapless.local.background import running_stack
from memory import Memory
from store import Tables
from tests.unit.records import Context, make_request
from work import Rejected

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The README's code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_shell_examples_run(tmp_path: Path) -> None:
    with running_stack() as stack:
        (tmp_path / ".gapless").mkdir()
        (tmp_path / ".gapless/stack.json").write_text(json.dumps(stack.description))
        for folder in ("mapping_templates", "events"):
            (tmp_path / folder).symlink_to(ROOT / folder)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        printed = ""
        for block in blocks("sh"):
            script = "set -e\n" + block.replace("http://127.0.0.1:8080/v1", stack.target.api)
            result = subprocess.run(
                ["bash", "-c", script],  # the README's readers use a shell
                cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert result.returncode == 0, result.stderr
            printed += result.stdout
    assert "202 Accepted" in printed
    assert '"total": "59.97"' in printed
    assert '"requestId": "my-own-id"' in printed
    assert '"TableName": "requests"' in printed


def test_the_python_example_is_a_work_py(monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = blocks("python")
    names: dict[str, Any] = {}
    exec("from typing import Any\nfrom request import Request\nfrom work import Rejected\n" + example, names)  # noqa: S102 - the README's own code
    work = names["work"]
    assert work(make_request(body='{"amount": 3}')) == {"booked": 3}
    with pytest.raises(Rejected, match="positive"):
        work(make_request(body='{"amount": 0}'))


def test_every_file_it_links_to_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


def test_the_batch_in_events_is_one_the_handler_takes(
    client: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "tables", Tables(client, settings))
    monkeypatch.setattr(app, "memory", Memory())
    event = json.loads((ROOT / "events/processor/batch.json").read_text())
    for record in event["Records"]:
        client.put_item(TableName=settings.requests_table, Item=record["dynamodb"]["NewImage"])
    context: Any = Context()
    assert app.lambda_handler(event, context)["batchItemFailures"] == []
    statuses = {
        one["requestId"]["S"]: one["status"]["S"] for one in client.scan(TableName=settings.requests_table)["Items"]
    }
    assert statuses == {f"request-{n}": "DONE" if n in (1, 3) else "FAILED" for n in range(1, 6)}
