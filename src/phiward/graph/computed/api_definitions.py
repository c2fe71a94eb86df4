"""Whether the OpenAPI definition of an API lets in callers that nobody asks who they are.

Sources: OpenAPI 3.0, "Security Requirement Object" (an operation's own list replaces the global one, an empty one takes
it away); API Gateway developer guide, "x-amazon-apigateway-auth", "x-amazon-apigateway-any-method" and "Create a
resource's OPTIONS method" (preflight requests carry no credentials). The catalog names each function by its key in
`API_DEFINITIONS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phiward.graph.truth import Truth, any_of, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.holed_json import JsonError, parse
from phiward.model.value import Partial, Unknown, Value, undecided

_METHODS = ("get", "put", "post", "delete", "patch", "head", "trace", "x-amazon-apigateway-any-method")
_NOT_READ = Unknown("the definition of the API could not be read", "write it as JSON or YAML in place")


def definition_anonymous(view: View, *, body: str, elsewhere: list[str], target: str = "") -> Value | Derived:
    """`access.anonymous` of an API by its `body`; absent where its methods are declared one by one.

    `elsewhere` are paths that name a definition outside of the configuration. A `target` makes a route for everybody.
    """
    if target and view.get(target) is not None:
        return Derived(True, paths=[target])
    named = next((path for path in elsewhere if view.get(path) is not None), None)
    if named is not None:
        reason = "the definition of the API stands outside of what was scanned"
        return Derived(Unknown(reason, "write the definition in place"), paths=[named])
    written = view.get(body)
    if written is None:
        return None
    document = _document(written)
    if undecided(document):
        return Derived(why(document), paths=[body])
    return Derived(any_of(_open_operations(document)), paths=[body])


def _document(written: Value) -> Value:
    if not isinstance(written, (str, Partial)):
        return written if isinstance(written, dict) or undecided(written) else _NOT_READ
    try:
        found = parse(written)
    except JsonError:
        if not isinstance(written, str):
            return _NOT_READ
        from phiward.graph.mesh.embedded import embedded

        found = embedded(written)
    return found if undecided(found) or (isinstance(found, dict) and "paths" in found) else _NOT_READ


def _open_operations(document: Any) -> Iterator[Truth]:
    paths = document.get("paths")
    if undecided(paths):
        yield why(paths)
    for item in paths.values() if isinstance(paths, dict) else ():
        if undecided(item):
            yield why(item)
        for method, operation in item.items() if isinstance(item, dict) else ():
            if str(method).lower() in _METHODS:
                yield _lets_anybody_in(operation, document)


def _lets_anybody_in(operation: Value, document: Any) -> Truth:
    if undecided(operation):
        return why(operation)
    own = operation if isinstance(operation, dict) else {}
    if own.get("x-amazon-apigateway-auth") is not None:
        signed = own["x-amazon-apigateway-auth"]
        kind = signed.get("type") if isinstance(signed, dict) else signed
        return why(kind) if undecided(kind) else str(kind).upper() == "NONE"
    asked = own["security"] if "security" in own else document.get("security")
    if undecided(asked):
        return why(asked)
    listed = asked if isinstance(asked, list) else []
    hidden = next((entry for entry in listed if undecided(entry)), None)
    if not listed or any(entry == {} for entry in listed):
        return True
    return False if hidden is None else why(hidden)


API_DEFINITIONS: dict[str, ComputedProperty] = {"definition_anonymous": definition_anonymous}
