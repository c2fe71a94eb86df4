"""`for` expressions: over lists, sets and maps, and over those whose elements are not all known."""

from __future__ import annotations

from phiward.loaders.terraform.environment import Env, decided, evaluate, first_unknown
from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.functions.conversion import to_bool, to_text
from phiward.loaders.terraform.functions.undecided import OpenList
from phiward.loaders.terraform.syntax import ForObject, ForTuple, TemplateFor
from phiward.model.value import Reference, SetValue, Unknown, Value, undecided

ANY_NUMBER = object()
"""Stands for the key of an element that may be any number of elements."""


def pairs_of(collection: Value, env: Env) -> list[tuple[Value, Value]] | Unknown:
    """Keys and values of a collection in Terraform's order of iteration."""
    if isinstance(collection, Reference):
        collection = env.module.resolve(collection)
    if isinstance(collection, Unknown):
        return collection
    if isinstance(collection, dict):
        return sorted(collection.items())
    if isinstance(collection, list):
        if isinstance(collection, SetValue):
            return [(ANY_NUMBER if isinstance(item, Unknown) else item, item) for item in collection]
        return _open_pairs(collection) if isinstance(collection, OpenList) else list(enumerate(collection))
    if undecided(collection):
        return first_unknown(collection)
    raise EvaluationError("'for' needs a list, set, map or object")


def _open_pairs(collection: OpenList) -> list[tuple[Value, Value]]:
    """Of the elements after one that may stand for several, the index is not known."""
    pairs: list[tuple[Value, Value]] = []
    why: Unknown | None = None
    for index, item in enumerate(collection):
        if undecided(item):
            why = why or first_unknown(item)
            pairs.append((ANY_NUMBER, why if not isinstance(item, Unknown) else item))
        else:
            pairs.append((why or index, item))
    return pairs


def bind(node: ForTuple | ForObject | TemplateFor, env: Env, key: Value, value: Value) -> Env:
    return env.bind({node.value: value} if node.key is None else {node.key: key, node.value: value})


def _included(node: ForTuple | ForObject, inner: Env) -> bool | Unknown:
    if node.condition is None:
        return True
    condition = decided(evaluate(node.condition, inner), inner)
    return first_unknown(condition) if undecided(condition) else to_bool(condition)


def for_tuple(node: ForTuple, env: Env) -> Value:
    pairs = pairs_of(evaluate(node.collection, env), env)
    if isinstance(pairs, Unknown):
        return pairs
    result: list[Value] = []
    opened = False
    for key, value in pairs:
        if key is ANY_NUMBER:
            result.append(value)
            opened = True
            continue
        inner = bind(node, env, key, value)
        included = _included(node, inner)
        if isinstance(included, Unknown):
            result.append(included)
            opened = True
        elif included:
            result.append(evaluate(node.result, inner))
    return OpenList(result) if opened else result


def for_object(node: ForObject, env: Env) -> Value:
    pairs = pairs_of(evaluate(node.collection, env), env)
    if isinstance(pairs, Unknown):
        return pairs
    result: dict[str, Value] = {}
    for key, value in pairs:
        if key is ANY_NUMBER:
            return first_unknown(value)
        inner = bind(node, env, key, value)
        included = _included(node, inner)
        if isinstance(included, Unknown):
            return included
        if not included:
            continue
        name = decided(evaluate(node.result_key, inner), inner)
        if undecided(name):
            return first_unknown(name)
        if name is None:
            raise EvaluationError("a key of an object must not be null")
        name = to_text(name)
        made = evaluate(node.result, inner)
        if node.group:
            result.setdefault(name, []).append(made)
        elif name in result:
            raise EvaluationError(f"two elements have the key {name!r}; '...' would group them")
        else:
            result[name] = made
    return result
