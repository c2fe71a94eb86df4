"""Whom Istio's AuthorizationPolicies let into a workload.

Source: istio.io, concepts "Security" and reference "Authorization Policy": policies of the workload's namespace and of
the root namespace add up; without one that allows, everyone is let in; with one, nobody but whom they allow; what a
policy denies is refused before that. Policies with a `targetRefs` are a waypoint's or gateway's, which callers of the
pod itself pass by, and those in dry run do nothing.
"""

from __future__ import annotations

from phiward.graph.cluster import namespace_of
from phiward.graph.mesh.access import Access, Accesses, Grant
from phiward.graph.mesh.istio_config import IstioConfig
from phiward.graph.mesh.istio_identity import first_known
from phiward.graph.mesh.istio_rules import Context, Rule
from phiward.graph.mesh.model import Step
from phiward.graph.mesh.workload import Workload
from phiward.graph.reading import inner
from phiward.graph.selectors import Selectors
from phiward.graph.truth import Truth, all_of, any_of, negate, why
from phiward.graph.view import View
from phiward.model.value import Unknown, undecided
from phiward.record import replace

AUTHORIZATION_POLICY = "security.istio.io/AuthorizationPolicy"
_DRY_RUN = "istio.io/dry-run"
_OPEN = "Istio, where no AuthorizationPolicy allows,"
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
Selected = list[tuple[View, Truth]]


class Authorizations:
    """The policies of one cluster."""

    def __init__(self, config: IstioConfig) -> None:
        self._config = config
        self._policies: Selectors[View] = Selectors()
        self._read: dict[tuple[int, Truth], list[Rule]] = {}
        self._perhaps_idle: dict[int, Unknown] = {}
        for view in config.cluster.of(AUTHORIZATION_POLICY):
            annotations = inner(view.resource.attributes, "metadata", "annotations")
            dry_run = annotations.get(_DRY_RUN) if isinstance(annotations, dict) else None
            if view.get("spec.targetRefs") or view.get("spec.targetRef") or str(dry_run) in _TRUE:
                continue
            if undecided(dry_run):
                self._perhaps_idle[id(view)] = why(dry_run)
            selector = inner(view.resource.attributes, "spec", "selector", "matchLabels")
            self._policies.add(namespace_of(view), {"matchLabels": selector} if selector else {}, view)

    def accesses(self, workload: Workload, *, enforced: Truth) -> Accesses:
        """Whom a workload lets in, on all of its ports; `enforced` says that it refuses plaintext."""
        chosen: dict[str, Selected] = {"ALLOW": [], "DENY": [], "CUSTOM": [], "AUDIT": [], "": []}
        for view, answer in self._of(workload):
            action = str(view.get("spec.action") or "ALLOW")
            chosen[action if action in chosen else ""].append((view, answer))
        denying = [rule for view, answer in chosen["DENY"] if answer is True for rule in self._rules(view, enforced)]
        steps = tuple(_named(view) for view, answer in chosen["DENY"] if answer is True)
        grants = self._grants(workload, chosen["ALLOW"], enforced)
        doubtful = [*chosen["CUSTOM"], *chosen[""]]
        doubt = Unknown(f"what {doubtful[0][0].resource.address} decides is not in it") if doubtful else None
        doubt = doubt or next((answer for _, answer in chosen["DENY"] if isinstance(answer, Unknown)), None)
        allowing = tuple(_named(view) for view, answer in chosen["ALLOW"] if answer is True)
        left = tuple(_less(grant, denying, doubt) for grant in grants)
        return Accesses(Access(left, (*allowing, *steps), self._config.root_doubt), {})

    def _of(self, workload: Workload) -> Selected:
        places = {workload.namespace, self._config.root}
        chosen = [each for place in places for each in self._policies.of(place, workload.labels)]
        found = [(view, self._perhaps_idle.get(id(view), answer)) for view, answer in chosen]
        return sorted(found, key=lambda each: each[0].resource.address)

    def _rules(self, view: View, enforced: Truth) -> list[Rule]:
        found = self._read.get((id(view), enforced))
        if found is None:
            context = Context(namespace_of(view), self._config.trust_domain, enforced)
            rules = view.get("spec.rules")
            listed = [rules] if undecided(rules) else rules if isinstance(rules, list) else []
            found = self._read[id(view), enforced] = [Rule(rule, context) for rule in listed]
        return found

    def _grants(self, workload: Workload, allowing: Selected, enforced: Truth) -> list[Grant]:
        if not any(answer is True for _, answer in allowing):
            return [self._open(workload, allowing)]
        found: list[Grant] = []
        for view, answer in allowing:
            for number, rule in enumerate(self._rules(view, enforced)):
                what = f"rule {number + 1} of {view.resource.address}"
                step = Step(what, "allows", "named callers", view.resource, ("spec", "rules", number))
                found.append(_perhaps(Grant(step, rule.everyone, rule.admits, only=rule.namespaces), answer))
        return found

    def _open(self, workload: Workload, doubtful: Selected) -> Grant:
        """What holds where it is not certain that any policy allows: everyone is let in."""
        step = workload.step("AuthorizationPolicy that allows", None, "one that names callers")
        everyone: Truth = True
        if doubtful:
            everyone = doubtful[0][1] if isinstance(doubtful[0][1], Unknown) else True
        elif not self._config.root_seen:
            everyone = Unknown(
                f"the AuthorizationPolicies of the mesh (namespace {self._config.root}) are not in what was scanned",
                f"scan what is applied to {self._config.root} too, or add a policy to the namespace",
            )
        return Grant(step, everyone, lambda _: everyone, name=_OPEN, alike=True)


def _perhaps(grant: Grant, selected: Truth) -> Grant:
    """A grant of a policy that may not be the workload's."""
    if not isinstance(selected, Unknown):
        return grant
    doubt = selected
    everyone = doubt if grant.everyone is not False else False
    return replace(grant, everyone=everyone, admits=lambda place: doubt if grant.admits(place) is not False else False)


def _less(grant: Grant, denying: list[Rule], doubt: Unknown | None) -> Grant:
    """A grant without whom other policies deny."""

    def admits(namespace: str) -> Truth:
        denied = any_of(rule.denies(namespace) for rule in denying)
        if denied is True:
            return False
        admitted = all_of([grant.admits(namespace), negate(denied)])
        return doubt if doubt and admitted is True else admitted

    everyone = False if any(rule.denies_strangers for rule in denying) else grant.everyone
    only = first_known([grant.only, *(rule.spares for rule in denying)])
    everyone = doubt if doubt and everyone is True else everyone
    return replace(grant, everyone=everyone, admits=admits, only=only, alike=grant.alike and not denying)


def _named(view: View) -> Step:
    action = view.get("spec.action") or "ALLOW"
    return Step(
        f"action of {view.resource.address}",
        str(why(action) if undecided(action) else action),
        None,
        view.resource,
        ("spec", "action"),
    )
