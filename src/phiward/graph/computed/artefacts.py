"""Where certificates come from, and what looks into images.

The catalog names each function by its key in `ARTEFACTS`.
"""

from __future__ import annotations

from phiward.graph.computed.declared import declared
from phiward.graph.truth import Truth, any_of, flag, listed, why
from phiward.graph.view import ComputedProperty, Derived, View
from phiward.model.value import Reference, Unknown, Value, undecided

_OF_ACM = (
    "aws_acm_certificate",
    "aws_acm_certificate_validation",
    "data.aws_acm_certificate",
    "AWS::CertificateManager::Certificate",
)
_OF_IAM = ("aws_iam_server_certificate", "data.aws_iam_server_certificate")
_SCANNING = "image_scanning_configuration.scan_on_push"
_REGISTRIES = ("aws_ecr_registry_scanning_configuration", "AWS::ECR::RegistryScanningConfiguration")


def certificate_source(view: View, *, path: str) -> Value | Derived:
    """`tls.certificate_source`: `acm` where ACM issued or imported every certificate, else `elsewhere`."""
    sources = [_source(view, named) for named in listed(view.get(path))]
    if not sources:
        return None
    doubt = next((source for source in sources if isinstance(source, Unknown)), "acm")
    return Derived("elsewhere" if "elsewhere" in sources else doubt, paths=[path])


def _source(view: View, named: Value) -> Value:
    if isinstance(named, Reference):
        target = view.follow(named)
        native = target.resource.native_type if target is not None else ""
        if native in _OF_ACM or native in _OF_IAM:
            return "acm" if native in _OF_ACM else "elsewhere"
        named = view.graph.resolve(named, view.resource.scope)
    if undecided(named):
        return why(named)
    return "acm" if isinstance(named, str) and ":acm:" in named else "elsewhere"


def registry_scans(view: View) -> Derived:
    """`repository.scanned`: by a setting of the repository, or one of the registry that takes it in."""
    own = flag(view.get(_SCANNING), default=False)
    registry = [_takes_in(setting) for native in _REGISTRIES for setting in declared(view, native)]
    return Derived(any_of([own, *registry]), paths=[_SCANNING])


def _takes_in(setting: View | Unknown) -> Truth:
    if isinstance(setting, Unknown):
        return setting
    scanned = setting.property("repository.scanned")
    if scanned is not True:
        return scanned if isinstance(scanned, Unknown) else False
    wildcard = setting.get("rule.repository_filter.filter")
    return True if wildcard == "*" else Unknown("the registry scans the repositories that a filter names")


ARTEFACTS: dict[str, ComputedProperty] = {
    "certificate_source": certificate_source,
    "registry_scans": registry_scans,
}
