"""Function calls, and the functions that look at an expression before it has a value: try, can, templatefile."""

from __future__ import annotations

from collections.abc import Callable

from phiward.loaders.terraform.environment import Env, configured, decided, evaluate, first_unknown, materialise
from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.functions.errors import CannotTell
from phiward.loaders.terraform.functions.function import Function
from phiward.loaders.terraform.functions.table import function_named
from phiward.loaders.terraform.rendering import templatefile, templatestring
from phiward.loaders.terraform.sensitivity import result_of
from phiward.loaders.terraform.syntax import Call
from phiward.model.value import Reference, Unknown, Value, plain, references_in, undecided

_REMOVED = {"list": "tolist()", "map": "tomap()"}


def call(node: Call, env: Env) -> Value:
    special = _SPECIAL.get(node.name)
    if special is not None:
        return special(node, env)
    function = _function(node.name)
    if isinstance(function, Unknown):
        return function
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
    if function.spells:
        arguments = [materialise(argument, env, keep=True) for argument in arguments]
    elif function.converts:
        arguments = [configured(argument, env) for argument in arguments]
    result = function.call(*arguments)
    if _has_gaps(result) and any(map(references_in, arguments)):
        # What another resource's configuration decides may decide the result: look it up only then, and at first keep
        # the references to what only the provider knows, which the result may merely pass on.
        result = function.call(*(materialise(argument, env, keep=True) for argument in arguments))
        if isinstance(result, Unknown):
            result = function.call(*(materialise(argument, env) for argument in arguments))
    return result_of(node.name, arguments, result)


def _has_gaps(result: Value) -> bool:
    """Whether the result, or an element of it, is not known."""
    return type(result) is Unknown or (isinstance(result, list) and any(type(item) is Unknown for item in result))


def _function(name: str) -> Function | Unknown:
    if "::" in name and not name.startswith("core::"):
        return Unknown(f"the function {name} belongs to a provider")
    function = function_named(name.removeprefix("core::"))
    if function is None:
        instead = _REMOVED.get(name)
        why = f": Terraform 0.15 replaced it by {instead}" if instead else ""
        raise EvaluationError(f"there is no function {name!r}{why}")
    return function


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
    if isinstance(value, Reference) and len(value.path) > 1:  # deeper than the provider says what there is
        value = env.module.resolve(value)
    return value if isinstance(value, Unknown) else True


_SPECIAL: dict[str, Callable[[Call, Env], Value]] = {
    "try": _try,
    "can": _can,
    "templatefile": templatefile,
    "templatestring": templatestring,
}
