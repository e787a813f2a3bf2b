"""java.util's lists, maps, views and iterators, and Java arrays."""

from typing import Any

from gapless.local.velocity.errors import JavaError
from gapless.local.velocity.java import Array, ArrayList, Entry, JavaIterator, View, identity, java_equals
from gapless.local.velocity.methods import Table, register, table
from gapless.local.velocity.strings import OBJECT, hash_code
from gapless.local.velocity.text import java_text, json_text


def item(items: list[Any], index: int) -> Any:
    """`items.get(index)`; raises JavaError when there is no such index."""
    _check(index, len(items))
    return items[index]


def put_item(items: list[Any], index: int, value: Any) -> Any:
    """`items.set(index, value)`: the value that was there."""
    old = item(items, index)
    items[index] = value
    return old


def _check(index: int, length: int) -> None:
    if not 0 <= index < length:
        raise JavaError(f"IndexOutOfBoundsException: Index {index} out of bounds for length {length}")


def _position(items: list[Any], value: Any, last: bool = False) -> int:
    places = range(len(items) - 1, -1, -1) if last else range(len(items))
    return next((at for at in places if java_equals(items[at], value)), -1)


def _add(items: list[Any], value: Any) -> bool:
    items.append(value)
    return True


def _insert(items: list[Any], index: int, value: Any) -> None:
    _check(index, len(items) + 1)
    items.insert(index, value)


def _add_all(items: list[Any], others: list[Any]) -> bool:
    items.extend(list(others))
    return bool(others)


def _insert_all(items: list[Any], index: int, others: list[Any]) -> bool:
    _check(index, len(items) + 1)
    items[index:index] = list(others)
    return bool(others)


def _remove_value(items: list[Any], value: Any) -> bool:
    at = _position(items, value)
    if at >= 0:
        del items[at]
    return at >= 0


def _remove_at(items: list[Any], index: int) -> Any:
    _check(index, len(items))
    return items.pop(index)


def _keep(items: list[Any], others: list[Any], keep: bool) -> bool:
    kept = [value for value in items if (_position(others, value) >= 0) is keep]
    changed = len(kept) != len(items)
    items[:] = kept
    return changed


def _sub_list(items: list[Any], begin: int, end: int) -> ArrayList:
    if not 0 <= begin <= end <= len(items):
        raise JavaError(f"IndexOutOfBoundsException: fromIndex {begin}, toIndex {end}, size {len(items)}")
    return ArrayList(items[begin:end])


def _list_hash(items: list[Any]) -> int:
    code = 1
    for value in items:
        code = (31 * code + _hash(value)) & 0xFFFFFFFF
    return code - (1 << 32) if code >= 1 << 31 else code


def _hash(value: Any) -> int:
    if type(value) is bool:
        return 1231 if value else 1237
    if type(value) is int and -(2**31) <= value < 2**31:
        return value
    if isinstance(value, dict):
        return sum(_hash(key) ^ _hash(entry) for key, entry in value.items())
    if isinstance(value, list):
        return _list_hash(value)
    return 0 if value is None else hash_code(java_text(value))


def _next(iterator: JavaIterator) -> Any:
    if iterator.at >= len(iterator.items):
        raise JavaError("NoSuchElementException: the iterator has no further element")
    iterator.at += 1
    return iterator.items[iterator.at - 1]


_COLLECTION: Table = table(
    {
        "size()": len,
        "isEmpty()": lambda items: not items,
        "contains(Object)": lambda items, value: _position(items, value) >= 0,
        "containsAll(Collection)": lambda items, others: all(_position(items, value) >= 0 for value in others),
        "iterator()": JavaIterator,
        "toArray()": lambda items: Array(items, "[Ljava.lang.Object;"),
        "hashCode()": _list_hash,
    },
    OBJECT,
)
_LIST: Table = table(
    {
        "get(int)": item,
        "set(int,Object)": put_item,
        "add(Object)": _add,
        "add(int,Object)": _insert,
        "addAll(Collection)": _add_all,
        "addAll(int,Collection)": _insert_all,
        "remove(int)": _remove_at,
        "remove(Object)": _remove_value,
        "removeAll(Collection)": lambda items, others: _keep(items, others, False),
        "retainAll(Collection)": lambda items, others: _keep(items, others, True),
        "indexOf(Object)": _position,
        "lastIndexOf(Object)": lambda items, value: _position(items, value, last=True),
        "subList(int,int)": _sub_list,
        "clear()": lambda items: items.clear(),
    },
    _COLLECTION,
)


def entries(mapping: dict[Any, Any]) -> View:
    """`mapping.entrySet()`."""
    return View((Entry(key, value, mapping) for key, value in mapping.items()), mapping)


def _put(mapping: dict[Any, Any], key: Any, value: Any) -> Any:
    old = mapping.get(key)
    mapping[key] = value
    return old


def _put_all(mapping: dict[Any, Any], other: dict[Any, Any]) -> None:
    for key, value in other.items():
        _put(mapping, key, value)


def _put_if_absent(mapping: dict[Any, Any], key: Any, value: Any) -> Any:
    old = mapping.get(key)
    if old is None:
        mapping[key] = value
    return old


def _replace(mapping: dict[Any, Any], key: Any, value: Any) -> Any:
    return _put(mapping, key, value) if key in mapping else None


def _set_value(entry: Entry, value: Any) -> Any:
    old, entry.value = entry.value, value
    entry.owner[entry.key] = value
    return old


def hashable(key: Any) -> Any:
    """The key as it can stand in a map: a list or map is known by its text, as nothing else could find it again."""
    return java_text(key) if isinstance(key, list | dict) else key


MAP: Table = table(
    {
        "get(Object)": lambda mapping, key: mapping.get(hashable(key)),
        "getOrDefault(Object,Object)": lambda mapping, key, other: mapping.get(hashable(key), other),
        "put(Object,Object)": lambda mapping, key, value: _put(mapping, hashable(key), value),
        "putIfAbsent(Object,Object)": lambda mapping, key, value: _put_if_absent(mapping, hashable(key), value),
        "replace(Object,Object)": lambda mapping, key, value: _replace(mapping, hashable(key), value),
        "putAll(Map)": _put_all,
        "remove(Object)": lambda mapping, key: mapping.pop(hashable(key), None),
        "containsKey(Object)": lambda mapping, key: hashable(key) in mapping,
        "containsValue(Object)": lambda mapping, value: _position(list(mapping.values()), value) >= 0,
        "keySet()": lambda mapping: View(mapping, mapping),
        "values()": lambda mapping: View(mapping.values(), mapping),
        "entrySet()": entries,
        "size()": len,
        "isEmpty()": lambda mapping: not mapping,
        "clear()": lambda mapping: mapping.clear(),
        "hashCode()": _hash,
    },
    OBJECT,
)

register(list, table({"toJSONString()": json_text}, _LIST))
register(ArrayList, _LIST)
register(View, _COLLECTION)
register(dict, MAP)
register(Array, table({"hashCode()": identity}, _LIST))
register(
    Entry,
    table({"getKey()": lambda e: e.key, "getValue()": lambda e: e.value, "setValue(Object)": _set_value}, OBJECT),
)
register(JavaIterator, table({"hasNext()": lambda it: it.at < len(it.items), "next()": _next}, OBJECT))
