"""An audit of a world's tables, that takes its time while the world goes on; and what reconcile makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from entry import Owners
from gapless.audit.audit import Audit
from gapless.audit.findings import Report
from gapless.audit.reading import is_wanted
from gapless.audit.reconcile import Repair, list_burials, plan_repairs
from gapless.audit.retention import Retention
from operations import WriteTombstone
from request import FAILED
from tests.faults.simulation.stored import StoredRequest, to_item
from tests.faults.simulation.world import World

# Nothing expires in a world, so that whatever is missing is a gap.
KEPT = Retention(days=0, failed_days=0, none_expired=True)

Item = dict[str, Any]


def look(world: World, meanwhile: Callable[[], None] = lambda: None) -> tuple[Audit, Report]:
    """Audit the tables, request by request. meanwhile: what happens between two reads."""
    audit = Audit(read_counters(world, meanwhile), read_journals(world))
    for item in scan(world, meanwhile):
        audit.add(item)
    after = read_counters(world, meanwhile)
    found = read(world, audit.doubts(), meanwhile)
    report = audit.conclude(after, found, world.clock, KEPT)
    wanted = audit.wanted()
    owners = {item["requestId"]["S"] for item in scan(world, meanwhile) if is_wanted(item, wanted)} if wanted else set()
    report.findings = audit.name_owners(list(read(world, owners, meanwhile).values()))
    return audit, report


def read_counters(world: World, meanwhile: Callable[[], None]) -> dict[str, Item]:
    """Each counter as it is when its turn comes."""
    items = {}
    for name in sorted(world.store.counters):
        meanwhile()
        items[name] = to_item(world.store.counters[name])
    return items


def read_journals(world: World) -> Mapping[bytes, Owners]:
    """All that there are: they are never changed."""
    journals: Mapping[bytes, Owners] = dict(getattr(world.store, "journals"))  # noqa: B009 - a simulated store has them
    return journals


def scan(world: World, meanwhile: Callable[[], None]) -> list[Item]:
    """Every request in the order of the ids, each as it is when its turn comes."""
    items: list[Item] = []
    last = ""
    while following := sorted(one for one in world.store.requests if one > last):
        last = following[0]
        items.append(to_request_item(last, world.store.requests[last]))
        meanwhile()
    return items


def read(world: World, ids: set[str], meanwhile: Callable[[], None]) -> dict[str, Item]:
    """Requests by id."""
    items = {}
    for one in sorted(ids):
        meanwhile()
        if one in world.store.requests:
            items[one] = to_request_item(one, world.store.requests[one])
    return items


def to_request_item(request_id: str, stored: StoredRequest) -> Item:
    """A request as DynamoDB's item has it, as far as an audit reads it."""
    texts = {"requestId": request_id, "counter": stored.counter, "status": stored.status}
    item: Item = {name: {"S": text} for name, text in texts.items()}
    if stored.number is not None:
        item["number"] = {"N": str(stored.number)}
    if stored.request is not None:
        item["receivedAt"] = {"N": str(stored.request.received_at)}
    if stored.status == FAILED:
        item["error"] = {"M": {"code": {"S": stored.code}}}
    return item


def reconcile(world: World) -> list[Repair]:
    """What `gapless reconcile --yes` does."""
    audit, _ = look(world)
    items = {name: to_item(counter) for name, counter in world.store.counters.items()}
    repairs = plan_repairs(audit, items, world.clock)
    for repair in repairs:
        moved = {name: getattr(repair.raised, name) for name in ("value", "fence", "version", "verify_until")}
        world.store.put_counter(replace(world.store.counters[repair.counter.name], **moved))
        for item_id, number in list_burials(repair):
            world.store.perform(WriteTombstone(item_id, repair.counter.name, number))
    return repairs
