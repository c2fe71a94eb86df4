"""Expressions -> values, with Terraform's rules for what is known and nothing invented for what is not.

An expression that mentions an attribute that only the provider knows keeps a `Reference`; one that Terraform would
refuse raises EvaluationError, which `attempt` turns into an `Unknown` and `try` and `can` catch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.functions.conversion import (
    decimal,
    identity,
    make_set,
    normal,
    to_bool,
    to_number,
    to_text,
    unify,
)
from phiward.loaders.terraform.functions.errors import CannotTell
from phiward.loaders.terraform.functions.function import Files
from phiward.loaders.terraform.functions.undecided import OpenList, first_undecided, known_length
from phiward.loaders.terraform.parser import parse_expression
from phiward.loaders.terraform.sensitivity import hide, is_secret, joined, result_of
from phiward.loaders.terraform.syntax import (
    ELEMENT,
    Binary,
    Call,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    Index,
    Literal,
    ObjectNode,
    Splat,
    Template,
    TemplateFor,
    TemplateIf,
    Traversal,
    TupleNode,
    Unary,
)
from phiward.model.value import (
    Partial,
    Reference,
    Sensitive,
    SetValue,
    Unknown,
    Value,
    plain,
    references_in,
    undecided,
    unknowns,
)

MAX_STRING = 16 * 1024 * 1024
"""Characters; a template that grows past it is refused, so that doubling strings cannot exhaust memory."""
MAX_DECIMAL_OPERAND = 1 << 512
_ANY_NUMBER = object()
"""Stands for the key of an element that may be any number of elements."""


class Module(Protocol):
    """What an expression may ask of the module instance that it stands in."""

    files: Files

    def root(self, name: str, steps: tuple[Any, ...], env: Env) -> tuple[Value, int]:
        """The value of `name` and the first steps (`var.x`), and how many steps it took."""
        ...

    def resolve(self, reference: Reference) -> Value:
        """The configured value that a reference points to; `Unknown` where only the provider knows it."""
        ...


class Env:
    """Where an expression is evaluated: its module instance, and the names bound around it (`each`, `for` names)."""

    __slots__ = ("module", "names")

    def __init__(self, module: Module, names: Mapping[str, Value] | None = None) -> None:
        self.module = module
        self.names: Mapping[str, Value] = names or {}

    def bind(self, names: Mapping[str, Value]) -> Env:
        return Env(self.module, {**self.names, **names})


def evaluate(node: Expression, env: Env) -> Value:
    """The value of an expression. Raises EvaluationError for what Terraform would refuse."""
    return _EVALUATE[type(node)](node, env)


def attempt(node: Expression, env: Env) -> Value:
    """The value of an expression; what Terraform would refuse is an `Unknown` with its message."""
    try:
        return _EVALUATE[type(node)](node, env)
    except EvaluationError as error:
        return Unknown(str(error))
    except RecursionError:
        return Unknown("the expression is too deep to be evaluated")


def evaluate_text(text: str) -> Value:
    """The value of an expression without variables: `evaluate_text('max(1, 2)')`."""
    return evaluate(parse_expression(text), constants())


def constants() -> Env:
    """Where only literals and functions mean anything: variable files."""
    return Env(_NoModule())


class _NoFiles:
    def read_text(self, path: str) -> str:
        raise EvaluationError(f"no files here: {path}")

    def exists(self, path: str) -> bool:
        raise EvaluationError(f"no files here: {path}")

    def glob(self, directory: str, pattern: str) -> list[str]:
        raise EvaluationError(f"no files here: {directory}/{pattern}")


class _NoModule:
    files: Files = _NoFiles()

    def root(self, name: str, steps: tuple[Any, ...], env: Env) -> tuple[Value, int]:  # noqa: ARG002
        raise EvaluationError(f"there is no {name!r} here")

    def resolve(self, reference: Reference) -> Value:
        return Unknown(f"{reference} is not configured here")


# -- values of references


def materialise(value: Value, env: Env, within: tuple[Reference, ...] = ()) -> Value:
    """The value with every reference inside replaced by what is configured there, or by an `Unknown`.

    `within` are the references that led here: one that comes again is part of a circle.
    """
    if isinstance(value, Reference):
        if value in within:
            return Unknown(f"{value} depends on itself")
        found = env.module.resolve(value)
        return materialise(found, env, (*within, value)) if isinstance(found, (list, dict)) else found
    if isinstance(value, Partial):
        return _joined_text([materialise(part, env, within) for part in value.parts])
    if isinstance(value, list):
        return type(value)([materialise(item, env, within) for item in value])
    if isinstance(value, dict):
        return {key: materialise(item, env, within) for key, item in value.items()}
    return value


def _joined_text(parts: list[Value]) -> Value:
    """The pieces of a string after references were looked up; a list or map among them makes no string."""
    for part in parts:
        if part is None or isinstance(part, (list, dict)):
            return Unknown("a value that is not text stands inside of a string")
    return joined([to_text(part) for part in parts])


def decided(value: Value, env: Env) -> Value:
    """The value itself where nothing but itself matters: references are looked up at the top level only."""
    return materialise(value, env) if isinstance(value, (Reference, Partial)) else value


def first_unknown(value: Value) -> Unknown:
    """Why a value that is not wholly plain is not."""
    for found in unknowns(value):
        return found
    reference = first_undecided(value)
    return Unknown("part of the value is not known" if reference is None else f"{reference} is known only after apply")


# -- terms


def _literal(node: Literal, env: Env) -> Value:  # noqa: ARG001
    return node.value


def _tuple(node: TupleNode, env: Env) -> Value:
    return [_EVALUATE[type(item)](item, env) for item in node.items]


def _object(node: ObjectNode, env: Env) -> Value:
    result: dict[str, Value] = {}
    for key_node, value_node in node.items:
        if type(key_node) is Literal:
            key: Value = key_node.value
        else:
            key = decided(evaluate(key_node, env), env)
        if isinstance(key, (Unknown, Partial, Reference)):
            return first_unknown(key)
        if key is None:
            raise EvaluationError("a key of an object must not be null")
        if isinstance(key, Sensitive):
            return Unknown("a key of the object is sensitive")
        result[to_text(key)] = _EVALUATE[type(value_node)](value_node, env)
    return result


def _traversal(node: Traversal, env: Env) -> Value:
    steps = node.steps
    if node.root in env.names:
        value, taken = env.names[node.root], 0
    else:
        value, taken = env.module.root(node.root, steps, env)
    for key in steps[taken:]:
        value = step(value, key, env)
    return value


def _index(node: Index, env: Env) -> Value:
    value = evaluate(node.target, env)
    for key in node.steps:
        value = step(value, key, env)
    return value


def step(value: Value, key: Any, env: Env) -> Value:
    """One attribute access or index."""
    if not isinstance(key, (str, int)):
        key = decided(evaluate(key, env), env)
        if undecided(key):
            return value if isinstance(value, Unknown) else first_unknown(key)
    if isinstance(value, dict):
        name = to_text(key)
        if name not in value:
            raise EvaluationError(f"there is no attribute or key {name!r}")
        return value[name]
    if isinstance(value, SetValue):
        raise EvaluationError("the elements of a set have no index")
    if isinstance(value, list):
        return _element(value, key)
    if isinstance(value, Reference):
        return _step_reference(value, key, env)
    if isinstance(value, Unknown):
        return value
    if value is None:
        raise EvaluationError("a null value has no attributes")
    raise EvaluationError(f"a value of this kind has no attribute or element {key!r}")


def _element(value: list[Value], key: Value) -> Value:
    index = to_number(key)
    if not isinstance(index, int) or index < 0:
        raise EvaluationError("an index must be a whole number that is not negative")
    if isinstance(value, OpenList) and not known_length(value) > index:
        return first_unknown(value)
    if index >= len(value):
        raise EvaluationError(f"there is no element {index}: the list has {len(value)}")
    return value[index]


def _step_reference(value: Reference, key: Value, env: Env) -> Value:
    """Deeper into another resource; through values that its configuration decides."""
    if value.path:
        found = env.module.resolve(value)
        if isinstance(found, (dict, list)) and found:
            # What is not configured the provider may well set, so that a block stays a reference.
            with suppress(EvaluationError):
                inner = step(found, key, env)
                if not isinstance(inner, (dict, list)):
                    return inner
    return Reference(value.address, (*value.path, key))


def _splat(node: Splat, env: Env) -> Value:
    target = evaluate(node.target, env)
    if isinstance(target, Reference) and target.path:
        target = env.module.resolve(target)
    if isinstance(target, Unknown):
        return target
    items = target if isinstance(target, list) else [] if target is None else [target]
    may_be_several = isinstance(items, (OpenList, SetValue))
    result = []
    for item in items:
        if may_be_several and isinstance(item, Unknown):
            result.append(item)
        else:
            result.append(evaluate(node.each, env.bind({ELEMENT: item})))
    return OpenList(result) if may_be_several and any(map(undecided, items)) else result


# -- templates


def _template(node: Template, env: Env) -> Value:
    parts: list[Any] = []
    size = 0
    for part in node.parts:
        value = part.value if type(part) is Literal else _EVALUATE[type(part)](part, env)
        if isinstance(value, Reference):
            found = env.module.resolve(value)
            value = found if isinstance(found, (str, bool, int, float)) else value
        elif isinstance(value, Partial):
            value = materialise_known(value, env)
        if value is None:
            raise EvaluationError("a null value cannot be part of a string")
        if not undecided(value):
            value = to_text(value)
            size += len(value)
        parts.append(value)
    if size > MAX_STRING:
        raise EvaluationError(f"the string is longer than {MAX_STRING} characters")
    return joined(parts)


def materialise_known(value: Partial, env: Env) -> Value:
    """The pieces that another resource's configuration decides put in place; the other references kept."""
    parts: list[Any] = []
    for part in value.parts:
        found = env.module.resolve(part) if isinstance(part, Reference) else part
        parts.append(to_text(found) if isinstance(found, (str, bool, int, float)) else part)
    return joined(parts)


def _template_if(node: TemplateIf, env: Env) -> Value:
    condition = decided(evaluate(node.condition, env), env)
    if undecided(condition):
        return first_unknown(condition)
    if to_bool(condition):
        return _template(node.then, env)
    return _template(node.otherwise, env) if node.otherwise else ""


def _template_for(node: TemplateFor, env: Env) -> Value:
    pairs = _pairs(evaluate(node.collection, env), env)
    if isinstance(pairs, Unknown):
        return pairs
    return joined(
        [value if key is _ANY_NUMBER else _template(node.body, _bind(node, env, key, value)) for key, value in pairs]
    )


# -- operators


def _unary(node: Unary, env: Env) -> Value:
    operand = decided(evaluate(node.operand, env), env)
    if operand is None:
        raise EvaluationError("an operand must not be null")
    if undecided(operand):
        return first_unknown(operand)
    return not to_bool(operand) if node.operator == "!" else -to_number(operand)


def _binary(node: Binary, env: Env) -> Value:
    if node.operator in ("&&", "||"):
        return _logical(node, env)
    left, right = evaluate(node.left, env), evaluate(node.right, env)
    if node.operator in ("==", "!="):
        return _equality(node, left, right, env)
    left, right = decided(left, env), decided(right, env)
    for side in (left, right):
        if undecided(side):
            return first_unknown(side)
        if side is None:
            raise EvaluationError("an operand must not be null")
    return _ARITHMETIC[node.operator](to_number(left), to_number(right))


def _logical(node: Binary, env: Env) -> Value:
    """Kleene: one side may decide although the other is unknown."""
    decisive = node.operator == "||"
    unknown: Unknown | None = None
    for side in (node.left, node.right):
        value = decided(evaluate(side, env), env)
        if undecided(value):
            unknown = unknown or first_unknown(value)
        elif value is None:
            raise EvaluationError("an operand must not be null")
        elif to_bool(value) is decisive:
            return decisive
    return unknown or not decisive


def _equality(node: Binary, left: Value, right: Value, env: Env) -> Value:
    negate = node.operator == "!="
    if isinstance(left, Reference) and left == right:
        return not negate
    left, right = materialise(left, env), materialise(right, env)
    if left is None or right is None:
        # Whether something undecided is null cannot be known; a list or map that is there is not null.
        other = right if left is None else left
        return first_unknown(other) if undecided(other) else (other is None) is not negate
    for side in (left, right):
        if not plain(side):
            return first_unknown(side)
    equal = identity(left) == identity(right)
    composite = isinstance(left, (list, dict)) and not isinstance(left, SetValue)
    if equal and composite and not (_written_out(node.left) and _written_out(node.right)):
        return Unknown("a list never equals a tuple, nor a map an object, and which of them these are is not followed")
    return equal is not negate


def _written_out(node: Expression) -> bool:
    """Whether the expression writes a tuple or an object: `[]` never equals a variable of type list."""
    return isinstance(node, (TupleNode, ForTuple, ObjectNode, ForObject, Splat))


def _exact(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Value]:
    def compute(left: Any, right: Any) -> Value:
        if isinstance(left, int) and isinstance(right, int) and max(abs(left), abs(right)) < MAX_DECIMAL_OPERAND:
            return operation(left, right)
        return normal(operation(decimal(left), decimal(right)))

    return compute


def _divide(left: Any, right: Any) -> Value:
    if right == 0:
        return Unknown("a division by zero, which Terraform takes for infinity")
    return normal(decimal(left) / decimal(right))


def _modulo(left: Any, right: Any) -> Value:
    if right == 0:
        return left  # as Terraform has it
    return normal(decimal(left) % decimal(right))  # Decimal's % takes the sign of the dividend, as Terraform's does


_ARITHMETIC: dict[str, Callable[[Any, Any], Value]] = {
    "+": _exact(lambda a, b: a + b),
    "-": _exact(lambda a, b: a - b),
    "*": _exact(lambda a, b: a * b),
    "/": _divide,
    "%": _modulo,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def _conditional(node: Conditional, env: Env) -> Value:
    condition = decided(evaluate(node.condition, env), env)
    if condition is None:
        raise EvaluationError("the condition must not be null")
    if undecided(condition):
        then, otherwise = attempt(node.then, env), attempt(node.otherwise, env)
        if plain(then) and plain(otherwise) and identity(then) == identity(otherwise):
            return hide(then) if is_secret(otherwise) else then
        return first_unknown(condition)
    decision = to_bool(condition)
    chosen, other = (node.then, node.otherwise) if decision else (node.otherwise, node.then)
    value = evaluate(chosen, env)
    if isinstance(condition, Sensitive):
        value = hide(value)
    return _as_other_branch(value, chosen, other, env)


def _as_other_branch(value: Value, chosen: Expression, other: Expression, env: Env) -> Value:
    """Both branches take one type: the value is brought to it where the branch that was not taken tells."""
    if value is None or isinstance(value, str) or undecided(value) or (isinstance(value, (list, dict)) and not value):
        return value
    sample = other.value if type(other) is Literal else attempt(other, env)
    if isinstance(value, (bool, int, float)):
        return to_text(value) if isinstance(sample, (str, Partial)) or type(other) is Template else value
    if not isinstance(sample, (list, dict)):
        return value
    to_set = isinstance(sample, SetValue) and not isinstance(value, SetValue)
    from_set = isinstance(value, SetValue) and not isinstance(sample, SetValue)
    if (to_set and not _written_out(chosen)) or (from_set and not _written_out(other)):
        return value  # a tuple would become a set, a list would not, and which of them it is is not followed
    try:
        unified = unify([value, sample])[0]
        return make_set(unified) if to_set and isinstance(unified, list) else unified
    except EvaluationError:
        return value


# -- for


def _pairs(collection: Value, env: Env) -> list[tuple[Value, Value]] | Unknown:
    """Keys and values of a collection in Terraform's order of iteration."""
    if isinstance(collection, Reference):
        collection = env.module.resolve(collection)
    if isinstance(collection, Unknown):
        return collection
    if isinstance(collection, dict):
        return sorted(collection.items())
    if isinstance(collection, list):
        if isinstance(collection, SetValue):
            return [(_ANY_NUMBER if isinstance(item, Unknown) else item, item) for item in collection]
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
            pairs.append((_ANY_NUMBER, why if not isinstance(item, Unknown) else item))
        else:
            pairs.append((why or index, item))
    return pairs


def _bind(node: ForTuple | ForObject | TemplateFor, env: Env, key: Value, value: Value) -> Env:
    return env.bind({node.value: value} if node.key is None else {node.key: key, node.value: value})


def _included(node: ForTuple | ForObject, inner: Env) -> bool | Unknown:
    if node.condition is None:
        return True
    condition = decided(evaluate(node.condition, inner), inner)
    return first_unknown(condition) if undecided(condition) else to_bool(condition)


def _for_tuple(node: ForTuple, env: Env) -> Value:
    pairs = _pairs(evaluate(node.collection, env), env)
    if isinstance(pairs, Unknown):
        return pairs
    result: list[Value] = []
    opened = False
    for key, value in pairs:
        if key is _ANY_NUMBER:
            result.append(value)
            opened = True
            continue
        inner = _bind(node, env, key, value)
        included = _included(node, inner)
        if isinstance(included, Unknown):
            result.append(included)
            opened = True
        elif included:
            result.append(evaluate(node.result, inner))
    return OpenList(result) if opened else result


def _for_object(node: ForObject, env: Env) -> Value:
    pairs = _pairs(evaluate(node.collection, env), env)
    if isinstance(pairs, Unknown):
        return pairs
    result: dict[str, Value] = {}
    for key, value in pairs:
        if key is _ANY_NUMBER:
            return first_unknown(value)
        inner = _bind(node, env, key, value)
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


# -- calls


def _call(node: Call, env: Env) -> Value:
    special = _SPECIAL.get(node.name)
    if special is not None:
        return special(node, env)
    from phiward.loaders.terraform.functions import FUNCTIONS

    function = FUNCTIONS.get(node.name)
    if function is None:
        if "::" in node.name and not node.name.startswith("core::"):
            return Unknown(f"the function {node.name} belongs to a provider")
        function = FUNCTIONS.get(node.name.removeprefix("core::"))
        if function is None:
            raise EvaluationError(f"there is no function {node.name!r}")
    arguments = _arguments(node, env)
    if isinstance(arguments, Unknown):
        return arguments
    if not function.partial:
        arguments = [argument if plain(argument) else materialise(argument, env) for argument in arguments]
        for argument in arguments:
            if not plain(argument):
                return first_unknown(argument)
    if function.needs_files:
        return function.call(env.module.files, *arguments)
    result = function.call(*arguments)
    if isinstance(result, Unknown) and any(map(references_in, arguments)):
        # What another resource's configuration decides may decide the result: look it up only then, and keep the
        # references of arguments that are merely passed through.
        result = function.call(*(materialise(argument, env) for argument in arguments))
    return result_of(node.name, arguments, result)


def _arguments(node: Call, env: Env) -> list[Value] | Unknown:
    arguments = [evaluate(argument, env) for argument in node.arguments]
    if node.expand:
        last = decided(arguments.pop(), env)
        if undecided(last):
            return first_unknown(last)
        if not isinstance(last, list):
            raise EvaluationError("only a list, set or tuple can be expanded with '...'")
        arguments.extend(last)
    return arguments


def _try(node: Call, env: Env) -> Value:
    message = "no argument could be evaluated"
    for argument in node.arguments:
        try:
            return evaluate(argument, env)
        except CannotTell as error:
            return Unknown(str(error))
        except EvaluationError as error:
            message = str(error)
    raise EvaluationError(f"no argument of try() could be evaluated: {message}")


def _can(node: Call, env: Env) -> Value:
    try:
        value = evaluate(node.arguments[0], env) if node.arguments else None
    except CannotTell as error:
        return Unknown(str(error))
    except EvaluationError:
        return False
    return value if isinstance(value, Unknown) else True


def _templatefile(node: Call, env: Env) -> Value:
    path, names = _template_arguments(node, env)
    if isinstance(path, Unknown):
        return path
    return _render(env.module.files.read_text(path), names, env)


def _templatestring(node: Call, env: Env) -> Value:
    text, names = _template_arguments(node, env)
    return text if isinstance(text, Unknown) else _render(text, names, env)


def _template_arguments(node: Call, env: Env) -> tuple[Value, Value]:
    if len(node.arguments) != 2:  # noqa: PLR2004
        raise EvaluationError(f"{node.name}() takes two arguments")
    first = decided(evaluate(node.arguments[0], env), env)
    names = decided(evaluate(node.arguments[1], env), env)
    for value in (first, names):
        if undecided(value):
            return first_unknown(value), {}
    if not isinstance(first, str) or not isinstance(names, dict):
        raise EvaluationError(f"{node.name}() takes a string and an object")
    return first, names


def _render(text: str, names: dict[str, Value], env: Env) -> Value:
    from phiward.loaders.terraform.parser import HclSyntaxError
    from phiward.loaders.terraform.templates import parse_template

    try:
        template = parse_template(text)
    except HclSyntaxError as error:
        raise EvaluationError(f"the template does not parse: {error.message}") from error
    return evaluate(template, Env(_TemplateModule(env.module), names))


class _TemplateModule:
    """Inside a rendered template only the given names exist; references in them still lead to resources."""

    def __init__(self, module: Module) -> None:
        self.files = module.files
        self.resolve = module.resolve

    def root(self, name: str, steps: tuple[Any, ...], env: Env) -> tuple[Value, int]:  # noqa: ARG002
        raise EvaluationError(f"the template is not given {name!r}")


_SPECIAL: dict[str, Callable[[Call, Env], Value]] = {
    "try": _try,
    "can": _can,
    "templatefile": _templatefile,
    "templatestring": _templatestring,
}

_EVALUATE: dict[type, Callable[[Any, Env], Value]] = {
    Literal: _literal,
    Template: _template,
    TemplateIf: _template_if,
    TemplateFor: _template_for,
    TupleNode: _tuple,
    ObjectNode: _object,
    Traversal: _traversal,
    Index: _index,
    Splat: _splat,
    Call: _call,
    Conditional: _conditional,
    Binary: _binary,
    Unary: _unary,
    ForTuple: _for_tuple,
    ForObject: _for_object,
}
