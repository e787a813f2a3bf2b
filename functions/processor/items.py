"""Counters and entries as DynamoDB's items have them. Pure."""

from collections.abc import Mapping
from typing import Any

from counter import Counter
from entry import MARK_BYTES, Entry, Owners, pack_accepted, pack_received, pack_refused, unpack_owners
from request import item_size

Item = Mapping[str, Any]
LANE, BASE = "L", "B"  # before a lane's 8 characters; no other attribute begins with a capital letter


def to_counter(name: str, item: Item) -> Counter:
    """Read a counter's item; one that could not number, or only with twins, is a counter with a fault.

    Without `allocation` it hands out numbers directly, as one typed into the console does.
    """
    ledger: dict[str, Any] = {
        "version": whole(item, "version"),
        "fence": whole(item, "fence"),
        "verify_until": whole(item, "verifyUntil"),
        "lanes": {key[1:]: to_entry(item[key], item[BASE + key[1:]]) for key in item if key.startswith(LANE)},
        "size": item_size(item),
    }
    try:
        counter = Counter(
            name=name,
            value=whole(item, "value") or 0,
            start=whole(item, "start", 1) or 0,
            increment=whole(item, "increment", 1) or 0,
            capacity=whole(item, "capacity"),
            cycle=item.get("cycle", {}).get("BOOL", False),
            allocation=item.get("allocation", {}).get("S", "direct"),
            **ledger,
        )
    except (KeyError, ValueError):
        return Counter(name, **ledger, fault="an option of it, or its value, is not a whole number")
    if counter.increment == 0:
        return Counter(name, **ledger, fault="its increment is 0")
    if counter.cycle and counter.capacity is not None and counter.capacity < 1:
        return Counter(name, **ledger, fault="it cycles and has no numbers to give")
    return counter


def whole(item: Item, attribute: str, default: int | None = None) -> int | None:
    """A whole number of an item. Raises KeyError or ValueError when it is something else."""
    return int(item[attribute]["N"]) if attribute in item else default


def to_entry(lane: Item, base: Item) -> Entry:
    """Read a lane's attributes."""
    parts = lane["M"]
    journal = bytes(parts["j"]["B"]) if "j" in parts else None
    return Entry(
        mark=int.from_bytes(bytes(parts["m"]["B"]), "big"),
        base=int(base["N"]),
        committed_at=int(parts["t"]["N"]),
        newest=int(parts["n"]["N"]),
        owners=None if journal else to_owners(parts),
        journal=journal,
    )


def from_entry(entry: Entry) -> dict[str, Any]:
    """A lane's map; the base is not in it, because it is set from the counter's value."""
    parts: dict[str, Any] = {
        "m": {"B": to_mark(entry.mark)},
        "t": {"N": str(entry.committed_at)},
        "n": {"N": str(entry.newest)},
    }
    if entry.journal:
        parts["j"] = {"B": entry.journal}
    if entry.owners:
        parts |= from_owners(entry.owners)
    return {"M": parts}


def to_mark(sequence: int) -> bytes:
    """A sequence number as it is stored."""
    return sequence.to_bytes(MARK_BYTES, "big")


def to_owners(parts: Item) -> Owners:
    """Read the ids of an entry, or of a journal item."""
    accepted, refused, received = (bytes(parts[name]["B"]) if name in parts else b"" for name in "arw")
    return unpack_owners(accepted, refused, received)


def from_owners(owners: Owners) -> dict[str, Any]:
    """The ids, as they are stored; an empty list is left out."""
    packed = {
        "a": pack_accepted(owners) if owners.accepted else b"",
        "r": pack_refused(owners) if owners.refused else b"",
        "w": pack_received(owners),
    }
    return {name: {"B": value} for name, value in packed.items() if value}
