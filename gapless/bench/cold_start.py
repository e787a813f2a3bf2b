"""The processor's initialisation against `import boto3; boto3.client("dynamodb")`."""

import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from gapless.bench.figures import Figures, Progress

BASELINES = {
    "empty": "",
    "boto3": 'import boto3\nboto3.client("dynamodb")\n',
}
HANDLER = "def lambda_handler(event, context):\n    return event\n"
PROCESSOR = Path("functions/processor")
PROCESSOR_ENVIRONMENT = {
    "REQUESTS_TABLE": "requests",
    "COUNTERS_TABLE": "counters",
    "JOURNAL_TABLE": "journal",
    "DEFAULT_COUNTER": "requests",
    "RETENTION_DAYS": "30",
    "FAILED_RETENTION_DAYS": "0",
    "LANES": "on",
    "MOST_RESENDS": "12",
    "SWEEP_AFTER_SECONDS": "3600",
    "POWERTOOLS_SERVICE_NAME": "processor",
    "POWERTOOLS_METRICS_NAMESPACE": "Gapless",
}


@dataclass(frozen=True)
class ColdStartReport:
    """Milliseconds of initialisation beyond an empty handler's, and the processor's as a multiple of boto3's."""

    empty_ms: Figures
    boto3_ms: Figures
    processor_ms: Figures
    ratio: Figures


def bench_cold_start(rounds: int, progress: Progress) -> ColdStartReport:
    """Measure how long handlers take to be ready under the Runtime API host, in turns."""
    with tempfile.TemporaryDirectory(prefix="gapless-") as folder:
        codes = {name: write_handler(Path(folder) / name, text) for name, text in BASELINES.items()}
        codes["processor"] = PROCESSOR
        for code in codes.values():  # compiles the modules, and warms the disk
            asyncio.run(time_cold_start(code))
        measured: dict[str, list[float]] = {name: [] for name in codes}
        for turn in range(rounds):
            progress(f"round {turn + 1} of {rounds}")
            for name, code in codes.items():
                measured[name].append(asyncio.run(time_cold_start(code)) * 1000)
    empty = statistics.median(measured["empty"])
    boto3, processor = ([one - empty for one in measured[name]] for name in ("boto3", "processor"))
    ratios = [one / other for one, other in zip(processor, boto3, strict=True)]
    return ColdStartReport(Figures.of(measured["empty"]), Figures.of(boto3), Figures.of(processor), Figures.of(ratios))


def write_handler(folder: Path, initialisation: str) -> Path:
    """A function that does nothing but initialise."""
    folder.mkdir()
    (folder / "app.py").write_text(initialisation + HANDLER)
    return folder


async def time_cold_start(code: Path) -> float:
    """Seconds from starting a handler's process to the answer of its first, empty invocation."""
    from gapless.local.function import FunctionHost, FunctionSettings

    arn = "arn:aws:lambda:us-east-1:000000000000:function:cold"
    settings = FunctionSettings("cold", "app.lambda_handler", code, arn, PROCESSOR_ENVIRONMENT, timeout_seconds=30)
    host = FunctionHost(settings)
    began = time.perf_counter()
    try:
        invocation = await host.invoke(b'{"Records": [], "shardId": "cold"}')
        elapsed = time.perf_counter() - began
    finally:
        await host.stop()
    if not invocation.ok:
        raise RuntimeError(f"the handler in {code} failed: {invocation.error}")
    return elapsed
