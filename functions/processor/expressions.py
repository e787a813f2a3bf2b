"""Every condition and every change that is asked of DynamoDB, in named parts. Pure."""

from typing import Any

from counter import Counter
from items import BASE, LANE, from_entry, to_mark
from memory import Known
from operations import Commit, Prune, SaveProgress, Stamp
from request import CODE_LIMIT, DONE, FAILED, LINK, MESSAGE_LIMIT, PENDING, VOID, Accepted, cut

DAY = 86_400
Expression = dict[str, Any]

# ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────
# A request is stamped once: it is the one that is meant (an id may be used again after a deletion), and it waits. Only
# a stamp ends that, and it writes status and number, or status and error, at once.
IS_GONE = "attribute_not_exists(requestId)"
IS_MEANT = "#receivedAt = :receivedAt"
IS_WAITING = "#status = :pending"
CAN_BE_STAMPED = f"{IS_MEANT} AND {IS_WAITING}"
WAS_NOT_TOUCHED = "(attribute_not_exists(#resentAt) OR #resentAt <= :before)"
CAN_BE_RESENT = f"{IS_WAITING} AND {WAS_NOT_TOUCHED}"
# The stream tells of every change; the mapping's filter keeps those from the processor that have the mark on. A touch
# takes it off, and so is heard.
TOUCH = "SET #resentAt = :resentAt REMOVE #saved ADD #resends :one"
KEEP_PROGRESS = "SET #progress = :progress, #saved = :saved"
DROP_PROGRESS = "REMOVE #progress, #saved"
# The same in PartiQL, which finds nothing to update where there is no item.
PARTIQL_IS_MEANT = '"receivedAt"=?'
PARTIQL_IS_WAITING = f"\"status\"='{PENDING}'"
PARTIQL_CAN_BE_STAMPED = f"{PARTIQL_IS_MEANT} AND {PARTIQL_IS_WAITING}"

# ── counters ─────────────────────────────────────────────────────────────────────────────────────────────────────────
IS_ABSENT = "attribute_not_exists(counterName)"
IS_MADE = "attribute_exists(counterName)"
# GUARD: this lane is where it was. What it has decided since is not decided again.
LANE_IS_UNMOVED = "#lane.#mark = :mark"
LANE_IS_ABSENT = "attribute_not_exists(#lane)"
# GUARD: nobody has decided, outside of the lanes' marks, what this worker believes to wait:
#   old delivery in shard P: about to commit x ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ commit refused: the fence has moved
#   child shard C:             x re-sent, numbered (fence + 1)
FENCE_STANDS = "#fence = :fence"
THERE_IS_NO_FENCE = "attribute_not_exists(#fence)"
# GUARD: nobody has committed anything. A re-sent request may be in any lane's next commit:
#   child shard C: x re-sent, read: PENDING ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▶ commit refused: the version has moved
#   old delivery in shard P:              commits x
NOBODY_COMMITTED = "#version = :version"
NOBODY_EVER_COMMITTED = "attribute_not_exists(#version)"
THERE_IS_ROOM = "(attribute_not_exists(#value) OR #value <= :room)"
NEEDS_NO_SUSPICION = "#verifyUntil >= :verifyUntil"
RAISES_SUSPICION = "(attribute_not_exists(#verifyUntil) OR #verifyUntil < :verifyUntil)"

# Right-hand sides see the item as it was before the update: the base is the value that the commit found.
LEAVE_ENTRY = "#lane = :entry"
KEEP_BASE = "#base = if_not_exists(#value, :zero)"
ADVANCE = "#value = if_not_exists(#value, :zero) + :taken"
MOVE_VERSION = "#version = if_not_exists(#version, :zero) + :one"
MOVE_FENCE = "#fence = if_not_exists(#fence, :zero) + :raise"
RAISE_VERIFY_UNTIL = "#verifyUntil = :verifyUntil"
CREATE = "#start = :start, #increment = :increment, #allocation = :allocation"


def n(value: int) -> dict[str, str]:
    """A number for DynamoDB."""
    return {"N": str(value)}


def commit_update(commit: Commit) -> Expression:
    """The one UpdateItem that takes numbers, moves the lane's mark and says who owns what."""
    changes = [LEAVE_ENTRY, KEEP_BASE, MOVE_VERSION, MOVE_FENCE]
    conditions = whole_counter_conditions(commit.known) if commit.raises_fence else lane_conditions(commit.known)
    conditions.append(IS_ABSENT if commit.create else IS_MADE)
    values: Expression = {
        ":entry": from_entry(commit.entry),
        ":zero": n(0),
        ":one": n(1),
        ":raise": n(int(commit.raises_fence)),
        ":mark": {"B": to_mark(commit.known.mark or 0)},
        ":fence": n(commit.known.fence or 0),
        ":version": n(commit.known.version or 0),
    }
    if commit.taken:
        changes.append(ADVANCE)
        values[":taken"] = n(commit.taken)
        if commit.known.last is not None:
            conditions.append(THERE_IS_ROOM)
            values[":room"] = n(commit.known.last - commit.taken)
    else:  # leaves a value alone that may be no number
        changes[1] = "#base = :zero"
    if commit.verify_until is not None:
        changes.append(RAISE_VERIFY_UNTIL)
        values[":verifyUntil"] = n(commit.verify_until)
    if commit.create:
        fresh = Counter(commit.counter)
        changes.append(CREATE)
        values |= {
            ":start": n(fresh.start),
            ":increment": n(fresh.increment),
            ":allocation": {"S": fresh.allocation},
        }
    return express(f"SET {', '.join(changes)}", " AND ".join(conditions), values, commit.lane)


def lane_conditions(known: Known) -> list[str]:
    """What a commit depends on when all it decides is announced in its own shard: no other lane is in it."""
    return [
        LANE_IS_ABSENT if known.mark is None else LANE_IS_UNMOVED,
        THERE_IS_NO_FENCE if known.fence is None else FENCE_STANDS,
    ]


def whole_counter_conditions(known: Known) -> list[str]:
    """What a commit depends on that decides on re-sent requests, or shares its lane: every lane."""
    return [NOBODY_EVER_COMMITTED if known.version is None else NOBODY_COMMITTED]


def prune_update(prune: Prune, *, raise_verify_until: bool) -> Expression:
    """Forget a lane. raise_verify_until: whether the counter's is too low; the condition sees to it that that is so."""
    changes = [MOVE_VERSION, MOVE_FENCE]
    conditions = [LANE_IS_UNMOVED, FENCE_STANDS, RAISES_SUSPICION if raise_verify_until else NEEDS_NO_SUSPICION]
    if raise_verify_until:
        changes.append(RAISE_VERIFY_UNTIL)
    values: Expression = {
        ":zero": n(0),
        ":one": n(1),
        ":raise": n(1),
        ":mark": {"B": to_mark(prune.mark)},
        ":fence": n(prune.fence),
        ":verifyUntil": n(prune.verify_until),
    }
    return express(f"SET {', '.join(changes)} REMOVE #lane, #base", " AND ".join(conditions), values, prune.lane)


def fence_update() -> Expression:
    """Make every worker look."""
    values = {":zero": n(0), ":one": n(1), ":raise": n(1)}
    return express(f"SET {MOVE_VERSION}, {MOVE_FENCE}", IS_MADE, values)


def stamp_parts(stamp: Stamp, now: int, days: int) -> dict[str, Any]:
    """The attributes that a stamp writes. now: epoch ms; days: until the item may be deleted, 0 for never."""
    if isinstance(stamp.verdict, Accepted):
        parts: dict[str, Any] = {
            "status": {"S": DONE},
            "number": {"N": str(stamp.number)},
            "result": {"S": stamp.verdict.result},
        }
    else:
        message = cut(stamp.verdict.message, min(MESSAGE_LIMIT, stamp.request.room - LINK))
        error = {"code": {"S": cut(stamp.verdict.code, CODE_LIMIT)}, "message": {"S": message}}
        # `result` stays, empty: a repeated PUT sets it only where it is missing.
        parts = {"status": {"S": FAILED}, "error": {"M": error}, "result": {"S": ""}}
    parts["completedAt"] = n(now)
    if days:
        parts["ttl"] = n(now // 1000 + days * DAY)
    return parts


def stamp_statement(table: str, stamp: Stamp, parts: dict[str, Any]) -> dict[str, Any]:
    """A stamp as a PartiQL statement, of which one call takes 25."""
    # Only our own names go into the text; whatever comes from a client is a parameter.
    # Without spaces: the local engine reads a statement character by character.
    changes = ",".join(f'"{name}"=?' for name in parts)
    return {
        "Statement": f'UPDATE "{table}" SET {changes} WHERE "requestId"=? AND {PARTIQL_CAN_BE_STAMPED}',  # noqa: S608 - names of ours
        "Parameters": [*parts.values(), {"S": stamp.request.request_id}, n(stamp.request.received_at)],
    }


def stamp_update(stamp: Stamp, parts: dict[str, Any]) -> Expression:
    """A stamp as an update, for a transaction, or for a request whose progress goes with it."""
    changes = ", ".join(f"#{name} = :{name}" for name in parts) + (f" {DROP_PROGRESS}" if stamp.ends_progress else "")
    values = {f":{name}": value for name, value in parts.items()}
    values |= {":pending": {"S": PENDING}, ":receivedAt": n(stamp.request.received_at)}
    return express(f"SET {changes}", CAN_BE_STAMPED, values)


def tombstone_update(counter: str, number: int, now: int) -> Expression:
    """A number whose request is gone."""
    values = {":counter": {"S": counter}, ":number": n(number), ":void": {"S": VOID}, ":completedAt": n(now)}
    change = "SET #counter = :counter, #number = :number, #status = :void, #completedAt = :completedAt"
    return express(change, IS_GONE, values)


def resend_update(before: int, now: int) -> Expression:
    """A touch that the stream announces. before: epoch ms, of the last one at the most."""
    values = {":one": n(1), ":resentAt": n(now), ":before": n(before), ":pending": {"S": PENDING}}
    return express(TOUCH, CAN_BE_RESENT, values)


def progress_update(save: SaveProgress) -> Expression:
    """What work() keeps of a request, under a mark that keeps the stream's record of it from the processor."""
    values = {
        ":progress": {"S": save.text},
        ":saved": {"BOOL": True},
        ":receivedAt": n(save.received_at),
        ":pending": {"S": PENDING},
    }
    return express(KEEP_PROGRESS, CAN_BE_STAMPED, values)


def express(change: str, condition: str, values: dict[str, Any], lane: str = "") -> Expression:
    """The parameters of an update; DynamoDB refuses names and values that are not used, so only those are in."""
    words = set(f"{change} {condition}".replace(",", " ").replace(".", " ").replace("(", " ").replace(")", " ").split())
    special = {"#lane": LANE + lane, "#base": BASE + lane, "#mark": "m"}
    names = {word: special.get(word, word[1:]) for word in words if word.startswith("#")}
    expression: Expression = {
        "UpdateExpression": change,
        "ConditionExpression": condition,
        "ExpressionAttributeValues": {word: value for word, value in values.items() if word in words},
    }
    return expression | ({"ExpressionAttributeNames": names} if names else {})
