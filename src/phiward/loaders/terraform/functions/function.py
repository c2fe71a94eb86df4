"""What a function is for the evaluator, and how its parameters are checked and converted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from phiward.loaders.terraform.functions.errors import CannotTell, FunctionError
from phiward.model.value import Unknown, Value
from phiward.record import dataclass


class Files(Protocol):
    """The files beside a module; an implementation raises for what lies outside of the scanned root."""

    def read_text(self, path: str) -> str:
        """The content, as UTF-8 text."""
        ...

    def read_bytes(self, path: str) -> bytes:
        """The content, whatever it is."""
        ...

    def exists(self, path: str) -> bool:
        """Whether `path` is a regular file."""
        ...

    def glob(self, directory: str, pattern: str) -> list[str]:
        """The regular files under `directory` that match `pattern`, relative to it, with forward slashes."""
        ...


@dataclass(frozen=True, slots=True)
class Function:
    """`call` takes the evaluated arguments and raises `FunctionError`.

    Without `partial`, every argument must be wholly plain; with it, undecided parts may stand anywhere. With
    `needs_files`, the first argument is a `Files`. With `spells`, the result has the arguments in quotes or with
    escapes, so that what a reference leads to cannot be put in afterwards; with `converts`, it has another type.
    """

    call: Callable[..., Value]
    partial: bool = False
    spells: bool = False
    converts: bool = False
    needs_files: bool = False


class Parameter:
    """`convert` brings an argument to the parameter's type, and lets undecided values through."""

    __slots__ = ("convert", "name", "null")

    def __init__(self, name: str, convert: Callable[[Value], Value], *, null: bool = False) -> None:
        self.name = name
        self.convert = convert
        self.null = null

    def accept(self, argument: Value) -> Value:
        """The converted argument. Raises `FunctionError` where Terraform would refuse it."""
        if argument is None and not self.null:
            raise FunctionError(f'Invalid value for "{self.name}" parameter: argument must not be null.')
        try:
            return self.convert(argument)
        except CannotTell:
            raise
        except FunctionError as error:
            raise FunctionError(f'Invalid value for "{self.name}" parameter: {error}.') from error


def typed(
    call: Callable[..., Value], *parameters: Parameter, rest: Parameter | None = None, optional: int = 0
) -> Callable[..., Value]:
    """`call` behind a check of the number of arguments and the conversion of each.

    `rest` takes any number of further arguments; the last `optional` parameters may be left out. What we
    cannot tell is an `Unknown`.
    """
    least = len(parameters) - optional

    def checked(*arguments: Any) -> Value:
        if len(arguments) < least:
            missing = parameters[len(arguments)].name
            raise FunctionError(f'Not enough function arguments: missing value for "{missing}".')
        if len(arguments) > len(parameters) and rest is None:
            raise FunctionError(f"Too many function arguments: the function takes {len(parameters)}.")
        try:
            return call(*_converted(arguments, parameters, rest))
        except CannotTell as error:
            return Unknown(str(error))

    return checked


def _converted(
    arguments: tuple[Any, ...], parameters: tuple[Parameter, ...], rest: Parameter | None
) -> Iterator[Value]:
    for position, argument in enumerate(arguments):
        parameter = parameters[position] if position < len(parameters) else rest
        yield argument if parameter is None else parameter.accept(argument)
