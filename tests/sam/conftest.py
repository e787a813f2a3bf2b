"""The template built by `sam build`, and deployed by `sam deploy` to a ministack of the tests' own."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from gapless.local.engine import free_port, listens
from tests.sam.deployable import deploy
from tests.sam.deployed import Deployed
from tests.sam.running import ROOT, SAM, clean_environment, find_python, run

SERVICES = "apigateway,cloudformation,cloudwatch,dynamodb,dynamodbstreams,events,iam,lambda,logs,s3,sns,sqs,sts"
START_SECONDS = 30.0


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `sam build` filled; skipped where it cannot run."""
    path = find_python()
    if path is None:
        pytest.skip(
            "no python3.13 with pip on PATH: `sam build` wants one; with pyenv, set PYENV_VERSION (see .ci/run)"
        )
    folder = tmp_path_factory.mktemp("build")
    arguments = ("--no-cached", "--build-dir", str(folder), "--base-dir", str(ROOT))
    printed = run(SAM, "build", *arguments, environment=clean_environment(PATH=path))
    assert "Build Succeeded" in printed
    assert "warn" not in printed.lower(), printed
    return folder


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ministack with everything the stack needs, for the tests of this session."""
    folder, port = tmp_path_factory.mktemp("ministack"), free_port()
    environment = clean_environment(
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        SERVICES=SERVICES,
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        LOG_LEVEL="ERROR",
        STATE_DIR=str(folder / "state"),
        TMPDIR=str(folder),
    )
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            wait_until_ready(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()  # nothing of it is kept


def wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the server answers, and is the process that was started and no other."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=2) as answer:
                if answer.status == 200 and listens(process.pid, port):
                    return
        except (URLError, ConnectionError, TimeoutError):
            pass
        try:
            pytest.fail(f"ministack ended with {process.wait(0.1)}")
        except subprocess.TimeoutExpired:
            continue
    pytest.fail(f"ministack did not answer within {START_SECONDS:.0f} s")


@pytest.fixture(scope="session", params=["AWS_IAM", "API_KEY"])
def deployed(request: pytest.FixtureRequest, built: Path, endpoint: str) -> Deployed:
    """The stack that `sam deploy` made of the built template, once for each way of authorization."""
    name = f"gapless-{request.param.lower().replace('_', '-')}"
    deploy(built, name, endpoint, f"Authorization={request.param}")
    return Deployed(name, request.param, endpoint)
