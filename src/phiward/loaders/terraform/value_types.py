"""The types of Terraform's values: which one a value has, and which one fits several.

Values of two types are never equal, and what stands in one list, or in both branches of a condition, is brought to one
type. How is read off go-cty, the library that Terraform computes with (cty/convert/unify.go).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from phiward.loaders.terraform.functions.undecided import OpenList
from phiward.loaders.terraform.syntax import Expression
from phiward.model.value import ListValue, MapValue, Partial, Reference, Sensitive, SetValue, Unknown, Value
from phiward.record import dataclass, field


@dataclass(slots=True, frozen=True)
class Type:
    """`kind`: any, string, number, bool, list, set, map, tuple, object, or `nothing`.

    `any` is a constraint that every value meets, and the type of a value whose type is not followed: of nulls and of
    what is not decided. `nothing` is the type of the elements that an empty collection of no certain type has.
    """

    kind: str
    element: Type | None = None
    items: tuple[Type, ...] = ()
    attributes: dict[str, tuple[Type, bool, Expression]] = field(default_factory=dict)
    """Objects: name -> type, whether optional, expression of the default (or None)."""


ANY, NOTHING = Type("any"), Type("nothing")
STRING, NUMBER, BOOL = Type("string"), Type("number"), Type("bool")
OPEN = frozenset({"any", "nothing"})
PRIMITIVES = frozenset({"string", "number", "bool"})
_MADE_OF = {"list": ("list", "set", "tuple"), "set": ("list", "set", "tuple"), "map": ("map", "object")}
OF_SCALARS: dict[type, Type] = {
    str: STRING,
    Sensitive: STRING,
    Partial: STRING,
    int: NUMBER,
    float: NUMBER,
    bool: BOOL,
    type(None): ANY,
    Unknown: ANY,
    Reference: ANY,
    OpenList: ANY,
}


# -- the type of a value


def type_of(value: Value) -> Type:
    """The type of a value, as far as it is followed."""
    found = OF_SCALARS.get(type(value))
    if found is not None:
        return found
    if isinstance(value, Unknown):  # an OpenMap
        return ANY
    if isinstance(value, ListValue):
        return Type("list", element_of(value))
    if isinstance(value, SetValue):
        return Type("set", element_of(value))
    if isinstance(value, MapValue):
        return Type("map", element_of(value))
    if isinstance(value, dict):
        return Type("object", attributes={name: (type_of(item), False, None) for name, item in value.items()})
    return Type("tuple", items=tuple(map(type_of, value)))


def element_of(value: ListValue | SetValue | MapValue) -> Type:
    """The type of a collection's elements."""
    element: Type | None = getattr(value, "element", None)
    if element is None:
        element = unify(map(type_of, value.values() if isinstance(value, MapValue) else value))
    return element or ANY


def same_type(left: Type, right: Type) -> bool | None:
    """Whether two types are one; `None` where a type that is not followed decides it."""
    if left.kind == "any" or right.kind == "any":
        return None
    if left is right and settled(left):
        return True
    if left.kind != right.kind:
        return False
    if left.element is not None and right.element is not None:
        return same_type(left.element, right.element)
    if len(left.items) != len(right.items) or left.attributes.keys() != right.attributes.keys():
        return False
    pairs = [*zip(left.items, right.items, strict=True)]
    pairs += [(left.attributes[name][0], right.attributes[name][0]) for name in left.attributes]
    found = {same_type(*pair) for pair in pairs}
    return False if False in found else None if None in found else True


def settled(type_: Type) -> bool:
    """Whether no part of the type is `any` or `nothing`."""
    return not mentions(type_, OPEN)


def mentions(type_: Type, kinds: Collection[str]) -> bool:
    """Whether the type or a part of it is of one of the kinds."""
    return type_.kind in kinds or (
        type_.kind not in PRIMITIVES and any(mentions(part, kinds) for part in _parts([type_]))
    )


def of_nothing(type_: Type) -> Type:
    """The type that is left of a constraint where there is no element to say what `any` in it is."""
    if type_.kind in PRIMITIVES:
        return type_
    if type_.kind == "any":
        return NOTHING
    return Type(
        type_.kind,
        type_.element and of_nothing(type_.element),
        tuple(map(of_nothing, type_.items)),
        {name: (of_nothing(kind), False, None) for name, (kind, _, _) in type_.attributes.items()},
    )


def _parts(types: Sequence[Type]) -> list[Type]:
    """The types of what stands directly inside."""
    found: list[Type] = []
    for type_ in types:
        if type_.element is not None:
            found.append(type_.element)
        found += type_.items
        found += [kind for kind, _, _ in type_.attributes.values()]
    return found


# -- the type that fits several


def unify(types: Iterable[Type]) -> Type | None:
    """The type that values of all the types can be brought to; None where there is none."""
    given = list(types)
    known = [type_ for type_ in given if type_.kind not in OPEN]
    if not known:
        return ANY if any(type_.kind == "any" for type_ in given) else NOTHING
    kinds = {type_.kind for type_ in known}
    if kinds <= PRIMITIVES:
        if len(kinds) == 1:
            return known[0]
        if "string" in kinds:
            return STRING
        return ANY if any(type_.kind == "any" for type_ in given) else None  # what is not followed may be a string
    if any(type_.kind == "nothing" for type_ in given):
        return NOTHING  # as Terraform has it: what may be of any type is not brought to a type with parts
    if len(known) == 1 or all(same_type(known[0], other) for other in known[1:]):
        return known[0]
    if kinds == {"object"}:
        return _unify_objects(known)
    if kinds == {"tuple"}:
        return _unify_tuples(known)
    if len(kinds) == 1:
        return _collection(known[0].kind, (type_.element or ANY for type_ in known))
    if kinds in ({"list", "tuple"}, {"map", "object"}):
        found = _unify_written(known, "list" if "list" in kinds else "map")
        if found is not None:
            return found
    return _most_general(known)


def _collection(kind: str, elements: Iterable[Type]) -> Type | None:
    element = unify(elements)
    return None if element is None else Type(kind, element)


def _unify_objects(types: Sequence[Type]) -> Type | None:
    """An object where all have the same attributes, else a map."""
    first = types[0].attributes
    if any(type_.attributes.keys() != first.keys() for type_ in types):
        return _collection("map", _parts(types))
    attributes = {}
    for name in first:
        found = unify(type_.attributes[name][0] for type_ in types)
        if found is None:
            return None
        attributes[name] = (found, False, None)
    return Type("object", attributes=attributes)


def _unify_tuples(types: Sequence[Type]) -> Type | None:
    """A tuple where all are of one length, else a list."""
    if len({len(type_.items) for type_ in types}) > 1:
        return _collection("list", _parts(types))
    items = [unify(column) for column in zip(*(type_.items for type_ in types), strict=True)]
    found = tuple(item for item in items if item is not None)
    return Type("tuple", items=found) if len(found) == len(items) else None


def _unify_written(types: Sequence[Type], kind: str) -> Type | None:
    """Tuples among lists as lists, objects among maps as maps."""
    parts = _parts([type_ for type_ in types if type_.kind != kind])
    written = _collection(kind, parts) if parts else None
    return unify([type_ if type_.kind == kind else written for type_ in types]) if written else None


def _most_general(types: Sequence[Type]) -> Type | None:
    """The first of the types that all others convert to: lists before tuples before sets, maps before objects."""
    order = ["list", "tuple", "set", "map", "object"]
    if any(type_.kind not in order for type_ in types):
        return None
    ranked = sorted(types, key=lambda type_: order.index(type_.kind))
    return next((wanted for wanted in ranked if all(_converts(type_, wanted) for type_ in types)), None)


def _converts(given: Type, wanted: Type) -> bool:
    """Whether a value of one type may convert to another; what a string spells is seen only then."""
    if given.kind in OPEN or wanted.kind in OPEN:
        return True
    if wanted.kind in PRIMITIVES:
        return given.kind == wanted.kind or (given.kind in PRIMITIVES and "string" in (given.kind, wanted.kind))
    if wanted.kind in _MADE_OF:
        element, parts = wanted.element or ANY, _parts([given])
        fits = unify(parts) is not None if element.kind in OPEN else all(_converts(part, element) for part in parts)
        return fits and given.kind in _MADE_OF[wanted.kind]
    if wanted.kind == "tuple":
        pairs = zip(given.items, wanted.items, strict=False)
        return given.kind == "tuple" and len(given.items) == len(wanted.items) and all(_converts(*p) for p in pairs)
    if given.kind == "map":
        return all(_converts(given.element or ANY, kind) for kind, _, _ in wanted.attributes.values())
    present = given.attributes
    return given.kind == "object" and all(
        name in present and _converts(present[name][0], kind) for name, (kind, _, _) in wanted.attributes.items()
    )
