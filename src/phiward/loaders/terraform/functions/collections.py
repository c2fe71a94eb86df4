"""Lists and maps: alltrue, anytrue, chunklist, coalesce, compact, concat, contains, distinct, element ..."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from phiward.loaders.terraform.convert import common, convert, list_value, map_value
from phiward.loaders.terraform.functions.conversion import (
    elements_of,
    identity,
    kind,
    to_text,
    to_whole,
)
from phiward.loaders.terraform.functions.equality import equal
from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.loaders.terraform.functions.graphemes import clusters
from phiward.loaders.terraform.functions.parameters import strings, to_bools, to_strings, to_uniform_list
from phiward.loaders.terraform.functions.undecided import (
    OpenList,
    closed,
    known_length,
    never_null,
    sequence,
    unknown,
)
from phiward.loaders.terraform.value_types import STRING, Type, element_of, same_type, type_of, unify
from phiward.model.value import ListValue, MapValue, Reference, SetValue, Unknown, Value, like, undecided

_MOST_ELEMENTS = 1 << 20


def _alltrue(values: Value) -> Value:
    if undecided(values):
        return unknown(values)
    if any(value is False or value is None for value in values):
        return False
    return unknown(values) if any(map(undecided, values)) else True


def _anytrue(values: Value) -> Value:
    if undecided(values):
        return unknown(values)
    if any(value is True for value in values):
        return True
    return unknown(values) if any(map(undecided, values)) else False


def _length(value: Value) -> Value:
    if isinstance(value, str):
        return len(clusters(value))
    if undecided(value):
        return unknown(value)
    if isinstance(value, list):
        return len(value) if closed(value) else unknown(value)
    if isinstance(value, dict):
        return len(value)
    raise FunctionError("argument must be a string, a collection type, or a structural type")


def _coalesce(*values: Value) -> Value:
    for value in _of_one_type(values):
        if value is None or value == "":
            continue
        if undecided(value) and not never_null(value):
            return unknown(value)
        return value
    raise FunctionError("no non-null, non-empty-string arguments")


def _of_one_type(values: Sequence[Value]) -> Sequence[Value]:
    compound = any(isinstance(value, (list, dict)) for value in values)
    kinds = {kind(value) for value in values} - {"unknown"}
    if compound and "null" in kinds and len(kinds) <= 2:  # noqa: PLR2004 - null and one other
        # A null that is written out has no type, and then Terraform converts nothing.
        return values
    return common(values)[0]


def _coalescelist(*values: Value) -> Value:
    if not values:
        raise FunctionError("at least one argument is required")
    for value in values:
        if isinstance(value, SetValue) or not (value is None or isinstance(value, list) or undecided(value)):
            raise FunctionError("coalescelist arguments must be lists or tuples")
    for value in values:
        if value is None:
            continue
        if undecided(value):
            return unknown(value)
        if known_length(value):
            return value
        if not closed(value):
            return unknown(value)
    raise FunctionError("no non-null arguments")


def _compact(values: Value) -> Value:
    if undecided(values):
        return unknown(values)
    kept = strings([value for value in values if value is not None and value != ""])
    return sequence(kept, any(undecided(value) and not never_null(value) for value in kept) or not closed(values))


def _concat(*lists: Value) -> Value:
    if not lists:
        raise FunctionError("at least one argument is required")
    result: list[Value] = []
    is_open = False
    for position, value in enumerate(lists):
        if value is None:
            raise FunctionError("argument must not be null")
        if isinstance(value, (Unknown, Reference)):
            result.append(unknown(value))
            is_open = True
        elif isinstance(value, SetValue) or not isinstance(value, list):
            raise FunctionError(f"all arguments must be lists or tuples; argument {position + 1} is a {kind(value)}")
        else:
            result.extend(value)
            is_open = is_open or not closed(value)
            if len(result) > _MOST_ELEMENTS:
                raise CannotTell(f"the list is longer than {_MOST_ELEMENTS} elements")
    if result and is_open and all(map(undecided, result)):
        return unknown(*result)
    if all(isinstance(value, ListValue) for value in lists):
        element = unify(element_of(value) for value in lists)
        if element is not None:
            return list_value([convert(item, element) for item in result], element)
    return sequence(result, is_open)


def _contains(values: Value, wanted: Value) -> Value:
    if undecided(values):
        return unknown(values)
    undecided_yet = False
    for value in elements_of(values, "argument must be list, tuple, or set; a list is"):
        found = equal(value, wanted)
        if found is True:
            return True
        undecided_yet = undecided_yet or found is None
    return unknown(values, wanted) if undecided_yet else False


def _distinct(values: Value) -> Value:
    if undecided(values):
        return unknown(values)
    firsts: dict[Hashable, Value] = {}
    for value in values:
        firsts.setdefault(identity(value), value)
    kept = like(values, list(firsts.values()))
    # An undecided element may turn out to repeat another one.
    return sequence(kept, not closed(values) or (len(kept) > 1 and any(map(undecided, kept))))


def _chunklist(values: Value, size: Value) -> Value:
    if undecided(values) or undecided(size) or not closed(values):
        return unknown(values, size)
    if size < 0:
        raise FunctionError("the size argument must be positive")
    if size == 0:
        size = max(len(values), 1)
    chunks = [like(values, values[start : start + size]) for start in range(0, len(values), size)]
    return list_value(chunks, type_of(values))


def _element(values: Value, index: Value) -> Value:
    if undecided(values) or undecided(index):
        return unknown(values, index)
    elements = elements_of(values, "a list is")
    if isinstance(elements, SetValue):
        raise FunctionError("cannot read elements from a set by index")
    if not elements:
        raise FunctionError("cannot use element function with an empty list")
    if closed(elements):
        if index < 0 and index % len(elements) and not isinstance(elements, ListValue):
            raise FunctionError("cannot use element function with a negative index on a tuple")
        return elements[index % len(elements)]
    return elements[index] if 0 <= index < known_length(elements) else unknown(elements)


def _flatten(values: Value) -> Value:
    if undecided(values):
        return unknown(values)
    result: list[Value] = []
    is_open = False
    pending = [iter(elements_of(values, "can only flatten lists, sets and tuples; a list is"))]
    while pending:
        for value in pending[-1]:
            if isinstance(value, list):
                is_open = is_open or not closed(value)
                pending.append(iter(value))
                break
            # What is not known yet may itself be a list.
            is_open = is_open or isinstance(value, (Unknown, Reference))
            result.append(value)
            if len(result) > _MOST_ELEMENTS:
                raise CannotTell("the list is too long")
        else:
            pending.pop()
    is_open = is_open or not closed(values)
    return sequence(result, is_open)


def _index(values: Value, wanted: Value) -> Value:
    if undecided(values):
        return unknown(values)
    if isinstance(values, SetValue) or not isinstance(values, list):
        raise FunctionError("argument must be a list or tuple")
    if not values:
        raise FunctionError("cannot search an empty list")
    for position, value in enumerate(values):
        found = equal(value, wanted)
        if found is None or (found and position > known_length(values)):
            return unknown(values, wanted)
        if found:
            return position
    raise FunctionError("item not found")


def _keys(value: Value) -> Value:
    if undecided(value):
        return unknown(value)
    names = sorted(_mapping(value, "must have map or object type"))
    return strings(names) if isinstance(value, MapValue) else names


def _values(value: Value) -> Value:
    if undecided(value):
        return unknown(value)
    mapping = _mapping(value, "values() requires a map as the first argument")
    items = [mapping[key] for key in sorted(mapping)]
    return list_value(items, element_of(mapping)) if isinstance(mapping, MapValue) else items


def _mapping(value: Value, message: str) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise FunctionError(message)
    return value


def _lookup(mapping: Value, key: Value, *default: Value) -> Value:
    if len(default) > 1:
        raise FunctionError(f"lookup() takes two or three arguments, got {2 + len(default)}")
    if undecided(mapping) or undecided(key):
        return unknown(mapping, key)
    entries = _mapping(mapping, "lookup() requires a map as the first argument")
    if key in entries:
        return entries[key]
    if default:
        return convert(default[0], element_of(entries)) if isinstance(entries, MapValue) else default[0]
    raise FunctionError(f'the given object has no attribute "{key}"')


def _matchkeys(values: Value, keys: Value, wanted: Value) -> Value:
    if any(undecided(argument) or not closed(argument) for argument in (values, keys, wanted)):
        return unknown(values, keys, wanted)
    if len(values) != len(keys):
        raise FunctionError("length of keys and values should be equal")
    both, _ = common([*keys, *wanted])
    searched, allowed = both[: len(keys)], both[len(keys) :]
    result: list[Value] = like(values, [])
    for value, key in zip(values, searched, strict=True):
        matches = [equal(key, candidate) for candidate in allowed]
        if True in matches:
            result.append(value)
        elif None in matches:
            return unknown(keys, wanted)
    return result


def _merge(*mappings: Value) -> Value:
    result: dict[str, Value] = {}
    for mapping in mappings:
        if mapping is None:
            continue
        if undecided(mapping):
            # It may set any key, and what comes before it may be overridden.
            return unknown(mapping)
        result.update(_mapping(mapping, f"arguments must be maps or objects, got {kind(mapping)}"))
    elements = [element_of(mapping) for mapping in mappings if isinstance(mapping, MapValue)]
    if elements and len(elements) == len(mappings) and all(same_type(elements[0], other) for other in elements[1:]):
        return map_value(result, elements[0])
    return result


def _one(values: Value) -> Value:
    if undecided(values):
        return unknown(values)
    elements = elements_of(values, "must be a list, set, or tuple value with either zero or one elements; a list is")
    if known_length(elements) > 1:
        raise FunctionError("must be a list, set, or tuple value with either zero or one elements")
    if not closed(elements):
        # A set of one undecided element has that one; an open list may have none.
        return elements[0] if isinstance(elements, SetValue) and len(elements) == 1 else unknown(elements)
    return elements[0] if elements else None


def _reverse(values: Value) -> Value:
    if undecided(values):
        return unknown(values)
    elements = elements_of(values, "can only reverse list or tuple values; a list is")
    if closed(elements):
        turned = list(reversed(elements))
        return list_value(turned, element_of(elements)) if isinstance(elements, (ListValue, SetValue)) else turned
    if isinstance(elements, SetValue):
        return unknown(elements)
    return OpenList([unknown(elements), *(element for element in reversed(elements) if not undecided(element))])


def _slice(values: Value, start: Value, end: Value) -> Value:
    if undecided(values) or undecided(start) or undecided(end):
        return unknown(values, start, end)
    if isinstance(values, SetValue) or not isinstance(values, list):
        raise FunctionError("must be a list or tuple value; a set has no indices")
    if start < 0 or end < 0:
        raise FunctionError("an index must not be less than zero")
    if start > end:
        raise FunctionError("start index must not be greater than end index")
    if end > known_length(values):
        if not closed(values):
            return unknown(values)
        raise FunctionError("an index must not be greater than the length of the list")
    part = values[start:end]
    return list_value(part, element_of(values)) if isinstance(values, ListValue) else list(part)


def _sort(values: Value) -> Value:
    if any(value is None for value in values):
        raise FunctionError("given list element is null; a null string cannot be sorted")
    return strings(sorted(values))


def _transpose(mapping: Value) -> Value:
    result: dict[str, ListValue] = {}
    for key in sorted(_mapping(mapping, "a map of lists of strings is required")):
        if mapping[key] is None:
            raise FunctionError("a list is null")
        for value in to_strings(mapping[key]):
            if value is None:
                raise FunctionError("a list has a null value")
            result.setdefault(value, strings([])).append(key)
    return map_value(result, Type("list", STRING))


def _zipmap(keys: Value, values: Value) -> Value:
    if undecided(keys) or undecided(values) or any(map(undecided, keys)) or not closed(values):
        return unknown(keys, values)
    if isinstance(values, SetValue) or not isinstance(values, list):
        raise FunctionError("values argument must be a list or tuple value")
    if len(keys) != len(values):
        raise FunctionError(f"number of keys ({len(keys)}) does not match number of values ({len(values)})")
    if any(key is None for key in keys):
        raise FunctionError("keys list has a null value")
    pairs = dict(zip(keys, values, strict=True))
    return map_value(pairs, element_of(values)) if isinstance(values, ListValue) else pairs


def _anything(value: Value) -> Value:
    return value


_ANY = Parameter("list", _anything)
_BOOLS = Parameter("list", to_bools)
_UNIFORM = Parameter("list", to_uniform_list)

FUNCTIONS = {
    "alltrue": Function(typed(_alltrue, _BOOLS), partial=True),
    "anytrue": Function(typed(_anytrue, _BOOLS), partial=True),
    "chunklist": Function(typed(_chunklist, _UNIFORM, Parameter("size", to_whole)), partial=True),
    "coalesce": Function(typed(_coalesce, rest=Parameter("vals", _anything, null=True)), partial=True),
    "coalescelist": Function(typed(_coalescelist, rest=Parameter("vals", _anything, null=True)), partial=True),
    "compact": Function(typed(_compact, Parameter("list", to_strings)), partial=True),
    "concat": Function(_concat, partial=True),
    "contains": Function(typed(_contains, _ANY, Parameter("value", _anything)), partial=True),
    "distinct": Function(typed(_distinct, _UNIFORM), partial=True),
    "element": Function(typed(_element, _ANY, Parameter("index", to_whole)), partial=True),
    "flatten": Function(typed(_flatten, _ANY), partial=True),
    "index": Function(typed(_index, _ANY, Parameter("value", _anything)), partial=True),
    "keys": Function(typed(_keys, Parameter("inputMap", _anything)), partial=True),
    "length": Function(typed(_length, Parameter("value", _anything)), partial=True),
    "lookup": Function(
        typed(
            _lookup,
            Parameter("inputMap", _anything),
            Parameter("key", to_text),
            rest=Parameter("default", _anything, null=True),
        ),
        partial=True,
    ),
    "matchkeys": Function(
        typed(
            _matchkeys,
            Parameter("values", to_uniform_list),
            Parameter("keys", to_uniform_list),
            Parameter("searchset", to_uniform_list),
        ),
        partial=True,
    ),
    "merge": Function(_merge, partial=True),
    "one": Function(typed(_one, _ANY), partial=True),
    "reverse": Function(typed(_reverse, _ANY), partial=True),
    "slice": Function(
        typed(_slice, _ANY, Parameter("start_index", to_whole), Parameter("end_index", to_whole)),
        partial=True,
    ),
    "sort": Function(typed(_sort, Parameter("list", to_strings))),
    "transpose": Function(typed(_transpose, Parameter("values", _anything))),
    "values": Function(typed(_values, Parameter("mapping", _anything)), partial=True),
    "zipmap": Function(typed(_zipmap, Parameter("keys", to_strings), Parameter("values", _anything)), partial=True),
}
