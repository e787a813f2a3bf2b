"""The handler in this process, on a real engine, with faults put between it and its calls."""

import os
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

import app
import judging
import numbering
import sweeper
import work
from connection import Patience, Settings, connect
from gapless.local.background import running_stack
from gapless.target import Target
from memory import Memory
from request import PENDING, Request
from stamping import Report
from store import Tables, carry_out
from sweeping import Sweep, resend, sweep_counter
from tests.checker import Item, find_faults, scan
from tests.faults.directed.engine import EngineTables
from tests.faults.injection import Faults, inject
from tests.tables import create_tables
from tests.unit.records import Context, make_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Records = list[dict[str, Any]]

# A counter's first commit has everything looked at that was received up to a minute after it; this is beyond.
LATER = time.time_ns() // 1_000_000 + 3_600_000
SETTLED_BY = 4  # rounds of sweeping
RUNNING_ENGINE = "GAPLESS_TEST_ENGINE"  # an engine's endpoint, for tests that run tests


@dataclass
class Processor:
    """The handler, its tables, and the faults on its way to them.

    states: what each shard's window has handed on; sick: ids that work() fails on.
    """

    target: Target
    client: "DynamoDBClient"
    faulty: "DynamoDBClient"
    faults: Faults
    settings: Settings
    tables: Tables
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    sick: set[str] = field(default_factory=set)

    def restart(self) -> None:
        """A new process: it knows nothing but what the window hands on, and nothing of the old one is under way."""
        self.tables.requests._senders.shutdown(cancel_futures=True)
        self.tables = app.tables = Tables(self.faulty, self.settings)
        app.memory = Memory()

    def store(self, records: Records) -> Records:
        """Put what the records show into the table, as the API would have."""
        items = {record["eventID"]: record["dynamodb"]["NewImage"] for record in records}
        puts: list[Any] = [{"PutRequest": {"Item": item}} for item in items.values()]
        for place in range(0, len(puts), 25):
            self.client.batch_write_item(RequestItems={self.target.requests_table: puts[place : place + 25]})
        return records

    def create_counter(self, name: str, **options: Any) -> None:
        """Put a counter that numbers requests."""
        item = {"counterName": {"S": name}, "allocation": {"S": "stream"}, **options}
        self.client.put_item(TableName=self.target.counters_table, Item=item)

    def deliver(self, records: Records, shard: str = "P") -> Records:
        """Hand a batch over once, as Lambda does with a tumbling window; what is left of it, [] when done."""
        context: Any = Context()
        event = {
            "Records": records,
            "window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:15:00Z"},
            "shardId": shard,
            "state": self.states.get(shard, {}),
            "isFinalInvokeForWindow": False,
            "isWindowTerminatedEarly": False,
        }
        try:
            answer = app.lambda_handler(event, context)
        except Exception:
            return records
        self.states[shard] = answer["state"]
        if not answer["batchItemFailures"]:
            return []
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        return records[numbers.index(answer["batchItemFailures"][0]["itemIdentifier"]) :]

    def deliver_as_lambda(self, records: Records, shard: str = "P") -> None:
        """Deliver until Lambda is done with it: from the record that is reported, in halves when the handler raises;
        a record that fails alone is given up."""
        batches = [records]
        while batches:
            batch = batches.pop()
            left = self.deliver(batch, shard)
            if len(left) == len(batch):
                middle = len(left) // 2
                batches += [left[middle:], left[:middle]] if middle else []
            elif left:
                batches.append(left)

    def settle(self, shard: str = "P") -> None:
        """What the sweeper does, until nothing waits: apply the entries, send again, and hand over what the stream says
        then. work() is sound again."""
        self.sick.clear()
        for _ in range(SETTLED_BY):
            touched = self.sweep()
            if not touched:
                return
            self.deliver_as_lambda(touched, shard)
        raise AssertionError(f"still waiting after {SETTLED_BY} sweeps: {self.find_faults()}")

    def sweep(self) -> Records:
        """Sweep once, as the sweeper does in two hours; the records of the requests that were sent again."""
        sweep = Sweep(lambda: time.time_ns() // 1_000_000 + 7_200_000)
        patience = Patience(time.monotonic() + 30)
        for name in [*sweeper.tables.counters.list_names()]:
            carry_out(sweep_counter(name, sweep, Report()), lambda one: sweeper.perform(one, patience))
        waiting = [one["requestId"]["S"] for one in self.items() if one["status"]["S"] == PENDING]
        for request_id in waiting:
            carry_out(resend(request_id, sweep), lambda one: sweeper.perform(one, patience))
        return [self.announce(request_id) for request_id in waiting]

    def announce(self, request_id: str) -> dict[str, Any]:
        """What the stream says of a request that was touched."""
        record = make_record(request_id, event_name="MODIFY")
        key = {"requestId": {"S": request_id}}
        item = self.client.get_item(TableName=self.target.requests_table, Key=key, ConsistentRead=True)["Item"]
        record["dynamodb"]["NewImage"] = item
        return record

    def items(self) -> list[Item]:
        """Every request."""
        return scan(self.client, self.target.requests_table)

    def numbers(self) -> dict[str, str]:
        """Each request's status and number."""
        return {
            one["requestId"]["S"]: f"{one['status']['S']} {one.get('number', {}).get('N', '')}".strip()
            for one in self.items()
        }

    def find_faults(self, streams: Iterable[Sequence[str]] = ()) -> list[str]:
        """What the independent checker says."""
        return find_faults(self.target, streams)


JOURNAL_MODES = {
    "as it fits": numbering.fits,
    "always inline": lambda *_: True,
    "always in the journal": lambda *_: False,
}


@pytest.fixture(scope="module")
def first_seed(pytestconfig: pytest.Config) -> int:
    """Worlds are numbered from --seed on, so that a failing one is the first of its replay."""
    seed: int = pytestconfig.getoption("--seed")
    return seed


@pytest.fixture(params=JOURNAL_MODES)
def journal_mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the ids of an entry are kept."""
    mode: str = request.param
    monkeypatch.setattr(numbering, "fits", JOURNAL_MODES[mode])
    return mode


@pytest.fixture(scope="session")
def engine() -> Iterator[Target]:
    """A real engine, borrowed from a stack whose own tables are left alone, or from whoever runs these tests."""
    if RUNNING_ENGINE in os.environ:
        yield Target("", "us-east-1", "", "", authorization="NONE", dynamodb=os.environ[RUNNING_ENGINE])
        return
    with running_stack() as stack:
        yield stack.target


@dataclass(frozen=True)
class Clients:
    """Two ways to the engine, one of which faults can be put in. They take longer to make than most tests to run."""

    plain: "DynamoDBClient"
    faulty: "DynamoDBClient"


@pytest.fixture(scope="session")
def clients(engine: Target) -> Clients:
    """The processor's own clients, on the engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_DYNAMODB", engine.dynamodb or "")
        return Clients(connect(), connect())


@pytest.fixture
def settings(clients: Clients) -> Settings:
    """Empty tables of the test's own."""
    names = create_tables(clients.plain, f"faults-{uuid.uuid4().hex[:12]}")
    return replace(
        Settings.from_environment(os.environ),
        requests_table=names["RequestsTable"],
        counters_table=names["CountersTable"],
        journal_table=names["JournalTable"],
    )


@pytest.fixture
def engine_tables(clients: Clients, settings: Settings) -> EngineTables:
    """Tables of a real engine for a directed interleaving."""
    return EngineTables(clients.plain, settings)


@pytest.fixture
def processor(
    engine: Target, clients: Clients, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Processor]:
    """The handler on empty tables of its own, with a work() that fails on the sick."""
    target = replace(engine, requests_table=settings.requests_table, counters_table=settings.counters_table)
    with inject(clients.faulty) as faults:
        processor = Processor(target, clients.plain, clients.faulty, faults, settings, Tables(clients.faulty, settings))
        monkeypatch.setattr(app, "tables", processor.tables)
        monkeypatch.setattr(app, "memory", Memory())
        monkeypatch.setattr(sweeper, "tables", Tables(clients.plain, settings))

        def work_on_the_sound(request: Request) -> Any:
            if request.request_id in processor.sick:
                raise OSError(f"work() has no use for {request.request_id} today")
            return work.work(request)

        monkeypatch.setattr(judging, "work", work_on_the_sound)
        yield processor


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many planted bugs were caught."""
    outcomes = {
        outcome: sum("test_every_planted_bug_is_caught" in one.nodeid for one in terminalreporter.getreports(outcome))
        for outcome in ("passed", "failed")
    }
    if any(outcomes.values()):
        terminalreporter.write_line(f"planted bugs: {outcomes['passed']} of {sum(outcomes.values())} caught")
