"""Data classes that cost little to define.

The standard library writes, compiles and inspects six methods for each class; over the sixty classes of a scan that is
longer than a small scan itself takes, and a commit hook pays it every time. Here a class gets one compiled method, its
`__init__`; the others are shared. Type checkers see the same thing: what is frozen is held by them, not at run time.
`dataclasses.replace`, `fields` and `asdict` work on these classes.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from types import CodeType, FunctionType
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")
_REQUIRED = object()
_models: dict[int, CodeType] = {}
"""The code of an `__init__` by its number of fields; compiling one takes a tenth of a millisecond."""


class _Factory:
    """Stands where a default is made anew for each instance."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


class _Fields:
    """`__dataclass_fields__`, worked out by the standard library when it is first asked for."""

    def __get__(self, instance: object, owner: Any) -> Any:
        from dataclasses import field as standard_field
        from dataclasses import fields, make_dataclass

        made = make_dataclass(owner.__name__, [(name, Any, standard_field()) for name in owner.__match_args__])
        found = {item.name: item for item in fields(made)}
        owner.__dataclass_fields__ = found
        return found


def field(*, default_factory: Callable[[], Any]) -> Any:
    """A default that is made anew for each instance."""
    return _Factory(default_factory)


def replace(instance: T, **changes: Any) -> T:
    """The instance with some fields changed."""
    cls: Any = type(instance)
    return cast("T", cls(**{name: getattr(instance, name) for name in cls.__match_args__} | changes))


@dataclass_transform(field_specifiers=(field,))
def dataclass(*, slots: bool, frozen: bool = False, eq: bool = True) -> Callable[[type[T]], type[T]]:
    """As `dataclasses.dataclass` with slots. Its classes do not inherit fields."""
    assert slots

    def decorate(cls: type[T]) -> type[T]:
        namespace = dict(cls.__dict__)
        names = tuple(namespace.get("__annotations__", ()))
        defaults = {name: namespace.pop(name) for name in names if name in namespace}
        namespace.pop("__dict__", None)
        namespace.pop("__weakref__", None)
        namespace |= {
            "__qualname__": cls.__qualname__,
            "__slots__": names,
            "__match_args__": names,
            "__dataclass_fields__": _Fields(),
            "__init__": _initializer(names, defaults),
            "__repr__": namespace.get("__repr__", _representation),
        }
        if eq:
            namespace |= _comparison(names, hashable=frozen)
        meta: Any = type(cls)
        return cast("type[T]", meta(cls.__name__, cls.__bases__, namespace))

    return decorate


def _initializer(names: tuple[str, ...], defaults: dict[str, Any]) -> Any:
    """`__init__`, which sets each field; the same code for all classes of so many fields, with other names in it."""
    if any(isinstance(default, _Factory) for default in defaults.values()):
        return _compiled(names, defaults)
    number = len(names)
    model = _models.get(number)
    if model is None:
        model = _models[number] = _compiled(tuple(f"field_{n}" for n in range(number)), {}).__code__
    code = model.replace(co_varnames=("self", *names), co_names=names)
    given = tuple(defaults[name] for name in names[number - len(defaults) :])
    return FunctionType(code, {"__builtins__": {}}, "__init__", given)


def _compiled(names: tuple[str, ...], defaults: dict[str, Any]) -> Any:
    scope: dict[str, Any] = {"_made": _REQUIRED}
    parameters, lines = ["self"], []
    for name in names:
        default = defaults.get(name, _REQUIRED)
        if isinstance(default, _Factory):
            scope[f"_{name}"] = default.make
            parameters.append(f"{name}=_made")
            lines.append(f" self.{name} = _{name}() if {name} is _made else {name}")
        else:
            if default is not _REQUIRED:
                scope[f"_{name}"] = default
            parameters.append(name if default is _REQUIRED else f"{name}=_{name}")
            lines.append(f" self.{name} = {name}")
    exec(f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines or [" pass"]), scope)  # noqa: S102 - names of fields
    return scope["__init__"]


def _comparison(names: tuple[str, ...], *, hashable: bool) -> dict[str, Any]:
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def equal(self: Any, other: Any) -> Any:
        if self.__class__ is not other.__class__:
            return NotImplemented
        return values(self) == values(other)

    def hashed(self: Any) -> int:
        return hash(values(self))

    return {"__eq__": equal, "__hash__": hashed if hashable else None}


def _representation(self: Any) -> str:
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{self.__class__.__qualname__}({fields})"
