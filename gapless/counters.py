"""Counters as an operator makes and changes them: options, and the dense ordinal they are kept as."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from gapless.load import connect
from gapless.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Allocation = Literal["stream", "direct"]

MOST_DIGITS = 38  # of a DynamoDB number
LONGEST_NAME = 128
ATTRIBUTES = ("value", "start", "increment", "min", "max", "capacity", "cycle", "allocation")
MOVES = tuple(f"#{one} = if_not_exists(#{one}, :zero) + :one" for one in ("fence", "version"))  # as a commit moves them


class CounterError(Exception):
    """What an operator asked for cannot be; the text says why."""


@dataclass(frozen=True)
class Options:
    """start and increment of a counter, and the bounds its numbers stay within; None is no bound."""

    start: int = 1
    increment: int = 1
    min: int | None = None
    max: int | None = None
    cycle: bool = False
    allocation: Allocation = "stream"

    def check(self) -> None:
        """Raise CounterError for options that no counter can have."""
        if self.increment == 0:
            raise CounterError("the increment must not be 0")
        for name in ("start", "increment", "min", "max"):
            value = getattr(self, name)
            if value is not None and len(str(abs(value))) > MOST_DIGITS:
                raise CounterError(f"{name} has more than the {MOST_DIGITS} digits that DynamoDB keeps exactly")
        if (self.min is not None and self.start < self.min) or (self.max is not None and self.start > self.max):
            raise CounterError(f"start {self.start} is not between min {self.min} and max {self.max}")
        if self.cycle and self.capacity is None:
            raise CounterError(f"a counter that cycles needs a {'max' if self.increment > 0 else 'min'} to cycle at")

    @property
    def capacity(self) -> int | None:
        """How many numbers there are from start to the bound that the increment runs into; None when there is none."""
        bound = self.max if self.increment > 0 else self.min
        return None if bound is None else (bound - self.start) // self.increment + 1

    def item(self) -> dict[str, Any]:
        """The attributes of the counters table."""
        numbers = {"start": self.start, "increment": self.increment, "min": self.min, "max": self.max}
        numbers["capacity"] = self.capacity
        return {
            **{name: {"N": str(value)} for name, value in numbers.items() if value is not None},
            "cycle": {"BOOL": self.cycle},
            "allocation": {"S": self.allocation},
        }


@dataclass(frozen=True)
class Counter:
    """A counter as it stands: `count` numbers were handed out."""

    name: str
    count: int
    options: Options

    @property
    def value(self) -> int | None:
        """The last number, None before the first."""
        if not self.count:
            return None
        step = self.count - 1
        if self.options.cycle and self.options.capacity:
            step %= self.options.capacity
        return self.options.start + step * self.options.increment

    def document(self) -> dict[str, Any]:
        """What GET /counters/{counter} answers."""
        return {"counter": self.name, "value": self.value, "count": self.count, **asdict(self.options)}


class Counters:
    """The counters table of a stack."""

    def __init__(self, target: Target) -> None:
        self._table = target.counters_table
        self._dynamodb: DynamoDBClient = connect(target)

    def create(self, name: str, options: Options) -> Counter:
        """Create a counter that has handed out nothing yet. Raises CounterError when there is one of that name."""
        check_name(name)
        options.check()
        item = {"counterName": {"S": name}, "value": {"N": "0"}, **options.item()}
        is_new = "attribute_not_exists(counterName)"
        try:
            self._dynamodb.put_item(TableName=self._table, Item=item, ConditionExpression=is_new)
        except ClientError as error:
            raise explain(error, f"there is a counter {name} already") from error
        return Counter(name, 0, options)

    def show(self, name: str) -> Counter:
        """A counter as it is now. Raises CounterError when there is none."""
        return to_counter(self._read(name))

    def _read(self, name: str) -> Mapping[str, Any]:
        key = {"counterName": {"S": name}}
        item = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            raise CounterError(f"there is no counter {name}")
        return item

    def list(self) -> Iterator[Counter]:
        """Every counter. Raises CounterError for one that is damaged."""
        return map(to_counter, self.read_items())

    def read_items(self) -> Iterator[Mapping[str, Any]]:
        """Every counter as the table has it."""
        for page in self._dynamodb.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True):
            yield from page["Items"]

    def set(self, name: str, options: Options) -> Counter:
        """Give a counter other options, if nobody has changed or used it in the meantime. Raises CounterError.

        Its fence goes up, so that workers that remember the former options look before their next commit.
        """
        item = self._read(name)
        counter = to_counter(item)
        check_change(counter, options)
        after = options.item()
        change = "SET " + ", ".join([*(f"#{one} = :{one}" for one in after), *MOVES])
        if removed := [one for one in ATTRIBUTES if one in item and one not in after and one != "value"]:
            change += " REMOVE " + ", ".join(f"#{one}" for one in removed)
        # The counter is as it was looked at, its count included: two operators cannot undo each other.
        before = {one: item[one] for one in ATTRIBUTES if one in item}
        is_unchanged = [f"#{one} = :old_{one}" for one in before]
        is_unchanged += [f"attribute_not_exists(#{one})" for one in ATTRIBUTES if one not in before]
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"counterName": {"S": name}},
                UpdateExpression=change,
                ConditionExpression=" AND ".join(is_unchanged),
                ExpressionAttributeNames={f"#{one}": one for one in (*ATTRIBUTES, "fence", "version")},
                ExpressionAttributeValues={
                    **{f":{one}": value for one, value in after.items()},
                    **{f":old_{one}": value for one, value in before.items()},
                    ":zero": {"N": "0"},
                    ":one": {"N": "1"},
                },
            )
        except ClientError as error:
            raise explain(error, f"the counter {name} was used or changed in the meantime; look at it again") from error
        return Counter(name, counter.count, options)


def plan_regions(regions: Sequence[str]) -> dict[str, Options]:
    """Options of one counter in several regions, so that its numbers never meet: region k of n gives k, k + n, ...

    Raises CounterError for a region named twice, or none at all.
    """
    if not regions or len(set(regions)) < len(regions) or not all(regions):
        raise CounterError("name every region once, with commas between them")
    return {region: Options(start, len(regions)) for start, region in enumerate(regions, start=1)}


def check_name(name: str) -> None:
    """Raise CounterError for a name that does not pass through a URL as it is."""
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-")
    if not 0 < len(name) <= LONGEST_NAME or not set(name) <= allowed:
        raise CounterError(f"a counter's name has 1 to {LONGEST_NAME} of A-Z a-z 0-9 . _ ~ -, not {name!r}")


def check_change(counter: Counter, options: Options) -> None:
    """Raise CounterError for a change that would let a number come twice, or leave some out."""
    options.check()
    if not counter.count:
        return
    before = counter.options
    bound: Literal["min", "max"] = "max" if before.increment > 0 else "min"
    frozen = [one for one in ("start", "increment", "min", "max", "cycle", "allocation") if one != bound]
    for name in frozen:
        if getattr(before, name) != getattr(options, name):
            raise CounterError(
                f"{name} of a counter that has handed out numbers cannot change ({counter.count} so far)"
            )
    if getattr(before, bound) != getattr(options, bound):
        if before.cycle:
            raise CounterError(
                f"{bound} of a counter that cycles cannot change: its numbers would come in another order"
            )
        if options.capacity is not None and options.capacity < counter.count:
            raise CounterError(f"the counter has handed out {counter.value} already, which lies beyond that {bound}")


def to_counter(item: Mapping[str, Any]) -> Counter:
    """Read an item of the counters table; what it does not say has its default. Raises CounterError."""

    def whole(attribute: str) -> int | None:
        try:
            return int(item[attribute]["N"]) if attribute in item else None
        except (KeyError, ValueError):
            name = item["counterName"]["S"]
            raise CounterError(f"the counter {name} is damaged: its {attribute} is not a whole number") from None

    start, increment = whole("start"), whole("increment")
    options = Options(
        start=1 if start is None else start,
        increment=1 if increment is None else increment,
        min=whole("min"),
        max=whole("max"),
        cycle=item.get("cycle", {}).get("BOOL", False),
        allocation=item.get("allocation", {}).get("S", "direct"),
    )
    return Counter(item["counterName"]["S"], whole("value") or 0, options)


def explain(error: ClientError, conflict: str) -> Exception:
    """CounterError for a condition that failed; any other error as it is."""
    failed = error.response["Error"]["Code"] == "ConditionalCheckFailedException"
    return CounterError(conflict) if failed else error
