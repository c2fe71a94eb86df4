"""One rule of an AuthorizationPolicy of Istio: whom it allows, and whom it is certain to deny.

Source: istio.io, reference "Authorization Policy": the fields of one source all have to match, and so do `from`, `to`
and `when`; what is left out matches everything. Identities come from the client's certificate: a client that speaks
plaintext has none, and so meets no positive condition and every negative one.
"""

from __future__ import annotations

from typing import Any

from phiward.graph.mesh.embedded import inner
from phiward.graph.mesh.istio_identity import covers, takes_in
from phiward.graph.network_policies.model import whole_range
from phiward.graph.truth import Truth, all_of, any_of, negate, why
from phiward.model.value import Unknown, Value, undecided
from phiward.record import dataclass

IDENTITIES = {"principals": "notPrincipals", "namespaces": "notNamespaces", "serviceAccounts": "notServiceAccounts"}
"""Fields of a source by which workloads are named, and their negations."""
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
    enforced: bool


Source = dict[str, Value]


class Rule:
    """A rule, with each of its sources as one mapping of all conditions on the caller."""

    def __init__(self, rule: Value, context: Context) -> None:
        self._context = context
        self.doubt = None if isinstance(rule, dict) or rule is None else _doubt(rule)
        body: dict[str, Any] = rule if isinstance(rule, dict) else {}
        origins = body.get("from")
        self._operations = _listed(body.get("to"))
        self._conditions = _listed(body.get("when"))
        shared = self._from_conditions()
        given = [inner(origin, "source") for origin in _listed(origins)] or [{}]
        self.sources = [{**shared, **source} if isinstance(source, dict) else {**shared} for source in given]
        if undecided(origins) or any(undecided(source) for source in given):
            self.doubt = self.doubt or Unknown("whom a rule names is not known")

    def _from_conditions(self) -> Source:
        """The conditions of `when` on the caller, as fields of a source."""
        found: Source = {}
        for condition in self._conditions:
            key = str(inner(condition, "key"))
            name = "requestPrincipals" if key.startswith("request.auth.") else _ATTRIBUTES.get(key)
            if name is None:
                continue
            if inner(condition, "values") is not None:
                found[name] = inner(condition, "values")
            if inner(condition, "notValues") is not None and name in IDENTITIES:
                found[IDENTITIES[name]] = inner(condition, "notValues")
        return found

    # -- what it allows

    @property
    def everyone(self) -> Truth:
        """Whether it lets in whoever comes, or all workloads of the mesh."""
        if self.doubt:
            return self.doubt
        return False if self.exact_paths else any_of(self._names_nobody(source) for source in self.sources)

    @property
    def exact_paths(self) -> list[str]:
        """The paths that it opens, where it opens nothing but paths that it writes out."""
        listed = [inner(operation, "operation", "paths") for operation in self._operations]
        if not listed or not all(isinstance(paths, list) and paths for paths in listed):
            return []
        paths = [path for found in listed for path in found]
        return paths if all(isinstance(path, str) and not set("*{") & set(path) for path in paths) else []

    @staticmethod
    def _names_nobody(source: Source) -> Truth:
        named: list[Truth] = [bool(source.get("requestPrincipals"))]
        for name in (*IDENTITIES, *_ADDRESSES):
            values = source.get(name)
            listed = [values] if undecided(values) else _listed(values)
            if any(str(value) == "*" or whole_range(str(value)) for value in listed):
                continue  # whoever has an identity, or an address
            open_question = next((why(value) for value in listed if undecided(value)), None)
            named.append(open_question or bool(listed))
        return negate(any_of(named))

    def admits(self, namespace: str) -> Truth:
        """Whether it lets in some workload of a namespace."""
        return self.doubt or any_of(self._source_admits(source, namespace) for source in self.sources)

    def _source_admits(self, source: Source, namespace: str) -> Truth:
        context, answers = self._context, []
        for name, negation in IDENTITIES.items():
            if source.get(name):
                answers.append(takes_in(name, source[name], namespace, context.namespace))
            excluded = covers(name, source.get(negation), namespace, context.trust_domain)
            if excluded and context.enforced:  # without mutual TLS they come without the identity that keeps them out
                answers.append(False)
        if not any(source.get(name) for name in IDENTITIES):
            answers += self._by_other_means(source)
        return all_of(answers)

    def _by_other_means(self, source: Source) -> list[Truth]:
        """What lets workloads in that no identity is asked of."""
        if any(source.get(name) for name in _ADDRESSES):
            return [Unknown("which pods have the addresses that a rule names is not known")]
        if source.get("requestPrincipals"):
            return [Unknown("a rule asks for a user's token and not for the identity of a workload")]
        if self.exact_paths:
            return [Unknown(f"everyone may call {', '.join(self.exact_paths[:3])}")]
        return [True]

    # -- what it denies

    @property
    def _of_every_request(self) -> bool:
        """Whether it speaks of requests of every kind: of the caller alone."""
        whole = all(not inner(operation, "operation") for operation in self._operations)
        known = {*_ATTRIBUTES} - {"source.ip", "remote.ip", "request.auth.principal"}
        return whole and all(inner(condition, "key") in known for condition in self._conditions)

    def denies(self, namespace: str) -> bool:
        """Whether it is certain to match whatever comes from a namespace."""
        if self.doubt or not self._of_every_request:
            return False
        return any(self._source_denies(source, namespace) for source in self.sources)

    def _source_denies(self, source: Source, namespace: str) -> bool:
        context = self._context
        if set(source) - {*IDENTITIES, *IDENTITIES.values()}:
            return False
        for name, negation in IDENTITIES.items():
            positive = covers(name, source.get(name), namespace, context.trust_domain)
            if source.get(name) and not (positive and context.enforced):
                return False
            if source.get(negation) and takes_in(name, source[negation], namespace, context.namespace) is not False:
                return False
        return True

    @property
    def denies_strangers(self) -> bool:
        """Whether it denies everybody but callers that it names, or everybody."""
        if self.doubt or not self._of_every_request:
            return False
        return any(
            set(source) <= set(IDENTITIES.values())
            and not any(undecided(values) or "*" in _listed(values) for values in source.values())
            for source in self.sources
        )


def _doubt(rule: Value) -> Unknown:
    return why(rule) if undecided(rule) else Unknown("it is no rule")


def _listed(value: Value) -> list[Any]:
    return value if isinstance(value, list) else []
