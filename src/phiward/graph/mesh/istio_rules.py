"""One rule of an AuthorizationPolicy of Istio: whom it allows, and whom it is certain to deny.

Source: istio.io, reference "Authorization Policy": the fields of one source all have to match, and so do `from`, `to`
and `when`; what is left out matches everything. Identities come from the client's certificate: a client that speaks
plaintext has none, and so meets no positive condition and every negative one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phiward.graph.mesh.istio_identity import covers, first_known, joined, takes_in, written_out
from phiward.graph.network_policies.model import whole_range
from phiward.graph.reading import inner
from phiward.graph.truth import Truth, all_of, any_of, negate, why
from phiward.model.value import Unknown, Value, undecided
from phiward.record import dataclass

IDENTITIES = {"principals": "notPrincipals", "namespaces": "notNamespaces", "serviceAccounts": "notServiceAccounts"}
"""Fields of a source by which workloads are named, and their negations."""
_NEGATIONS = {negation: name for name, negation in IDENTITIES.items()}
_ADDRESSES = ("ipBlocks", "remoteIpBlocks")
_ATTRIBUTES = {
    "source.principal": "principals",
    "source.namespace": "namespaces",
    "source.serviceAccount": "serviceAccounts",
    "source.ip": "ipBlocks",
    "remote.ip": "remoteIpBlocks",
    "request.auth.principal": "requestPrincipals",
}


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule is read with: its policy's namespace, the trust domain, and whether mutual TLS is enforced."""

    namespace: str
    trust_domain: str
    enforced: Truth


Source = list[tuple[str, Value]]
"""Conditions on the caller, of which all have to hold: a field's name and its values."""


class Rule:
    """A rule, with each of its sources beside what `when` asks of the caller."""

    def __init__(self, rule: Value, context: Context) -> None:
        self._context = context
        self.doubt = None if isinstance(rule, dict) or rule is None else _doubt(rule)
        body: dict[str, Any] = rule if isinstance(rule, dict) else {}
        origins = body.get("from")
        self._operations = _listed(body.get("to"))
        self._conditions = _listed(body.get("when"))
        given = [inner(origin, "source") for origin in _listed(origins)] or [{}]
        asked = list(self._asked())
        self.sources = [[*asked, *source.items()] if isinstance(source, dict) else asked for source in given]
        if undecided(origins) or any(undecided(source) for source in given):
            self.doubt = self.doubt or Unknown("whom a rule names is not known")

    def _asked(self) -> Iterator[tuple[str, Value]]:
        """The conditions of `when` on the caller, as fields of a source."""
        for condition in self._conditions:
            key = str(inner(condition, "key"))
            name = "requestPrincipals" if key.startswith("request.auth.") else _ATTRIBUTES.get(key)
            if name and inner(condition, "values") is not None:
                yield name, inner(condition, "values")
            if name in IDENTITIES and inner(condition, "notValues") is not None:
                yield IDENTITIES[name], inner(condition, "notValues")

    # -- what it allows

    @property
    def everyone(self) -> Truth:
        """Whether it lets in whoever comes, or all workloads of the mesh."""
        if self.doubt:
            return self.doubt
        if self.exact_paths:
            return False
        answer = any_of(_names_nobody(source) for source in self.sources)
        return self._open_path or answer if answer is True else answer

    @property
    def _paths(self) -> list[Value]:
        """The paths that it opens, where each of its operations names some, and none takes in many of them."""
        listed = [inner(operation, "operation", "paths") for operation in self._operations]
        if not listed or not all(isinstance(paths, list) and paths for paths in listed):
            return []
        paths = [path for found in listed for path in found]
        return [] if any(isinstance(path, str) and set("*{") & set(path) for path in paths) else paths

    @property
    def _open_path(self) -> Unknown | None:
        """Why it may open nothing but paths that are written out."""
        return next((why(path) for path in self._paths if undecided(path)), None)

    @property
    def exact_paths(self) -> list[str]:
        """The paths that it opens, where it opens nothing but paths that it writes out."""
        return self._paths if all(isinstance(path, str) for path in self._paths) else []

    @property
    def namespaces(self) -> frozenset[str] | None:
        """The namespaces that it lets in, and no others; None where it does not write them out."""
        own = self._context.namespace
        each = [first_known(written_out(name, values, own) for name, values in source) for source in self.sources]
        return None if self.doubt else joined(each)

    def admits(self, namespace: str) -> Truth:
        """Whether it lets in some workload of a namespace."""
        return self.doubt or any_of(self._source_admits(source, namespace) for source in self.sources)

    def _source_admits(self, source: Source, namespace: str) -> Truth:
        context, answers = self._context, []
        for name, values in source:
            if name in IDENTITIES and values:
                answers.append(takes_in(name, values, namespace, context.namespace))
            elif name in _NEGATIONS and covers(_NEGATIONS[name], values, namespace, context.trust_domain):
                # without mutual TLS they come without the identity that keeps them out
                answers.append(negate(context.enforced))
        if not any(name in IDENTITIES and values for name, values in source):
            answers.append(self._by_other_means({name for name, values in source if values}))
        return all_of(answers)

    def _by_other_means(self, fields: set[str]) -> Truth:
        """What lets workloads in that no identity is asked of."""
        if fields.intersection(_ADDRESSES):
            return Unknown("which pods have the addresses that a rule names is not known")
        if "requestPrincipals" in fields:
            return Unknown("a rule asks for a user's token and not for the identity of a workload")
        if self.exact_paths:
            return Unknown(f"everyone may call {', '.join(self.exact_paths[:3])}")
        return self._open_path or True

    # -- what it denies

    @property
    def _of_every_request(self) -> bool:
        """Whether it speaks of requests of every kind: of the caller alone."""
        whole = all(not inner(operation, "operation") for operation in self._operations)
        known = {*_ATTRIBUTES} - {"source.ip", "remote.ip", "request.auth.principal"}
        return whole and all(str(inner(condition, "key")) in known for condition in self._conditions)

    def denies(self, namespace: str) -> Truth:
        """Whether it matches whatever comes from a namespace."""
        if self.doubt or not self._of_every_request:
            return self.doubt or False
        return any_of(self._source_denies(source, namespace) for source in self.sources)

    def _source_denies(self, source: Source, namespace: str) -> Truth:
        context = self._context
        answers: list[Truth] = []
        for name, values in source:
            if name in IDENTITIES and values:
                covered: Truth = covers(name, values, namespace, context.trust_domain)
                open_value = next((why(value) for value in _listed(values) if undecided(value)), False)
                answers.append(all_of([covered or open_value, context.enforced]))
            elif name in _NEGATIONS and values:
                answers.append(negate(takes_in(_NEGATIONS[name], values, namespace, context.namespace)))
            elif name not in IDENTITIES and name not in _NEGATIONS:
                answers.append(False)
        return all_of(answers)

    @property
    def spares(self) -> frozenset[str] | None:
        """Of whom all others are denied: the namespaces of those that it names; None where others are let be, too."""
        if self.doubt or not self._of_every_request:
            return None
        own = self._context.namespace
        for source in self.sources:
            if all(name in _NEGATIONS for name, _ in source):
                spared = joined([written_out(_NEGATIONS[name], values, own) for name, values in source])
                if spared is not None:
                    return spared
        return None

    @property
    def denies_strangers(self) -> bool:
        """Whether it denies everybody but callers that it names, or everybody."""
        if self.doubt or not self._of_every_request:
            return False
        return any(all(map(_is_strange, source)) for source in self.sources)


def _is_strange(condition: tuple[str, Value]) -> bool:
    """Whether a condition holds of whoever is not named: `*` names everybody who has an identity."""
    name, values = condition
    return name in _NEGATIONS and not undecided(values) and "*" not in _listed(values)


def _names_nobody(source: Source) -> Truth:
    """Whether the conditions on the caller hold of whoever comes, or of all workloads of the mesh."""
    named: list[Truth] = []
    for name, values in source:
        listed = [values] if undecided(values) else _listed(values)
        if name == "requestPrincipals":
            named.append(bool(listed))
        elif name in (*IDENTITIES, *_ADDRESSES):
            if any(str(value) == "*" or whole_range(str(value)) for value in listed):
                continue  # whoever has an identity, or an address
            open_question = next((why(value) for value in listed if undecided(value)), None)
            named.append(open_question or bool(listed))
    return negate(any_of(named))


def _doubt(rule: Value) -> Unknown:
    return why(rule) if undecided(rule) else Unknown("it is no rule")


def _listed(value: Value) -> list[Any]:
    return value if isinstance(value, list) else []
