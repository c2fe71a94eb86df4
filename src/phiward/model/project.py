"""What a team says about its estate in `phiward.yaml`."""

from __future__ import annotations

from collections.abc import Mapping

from phiward.model.rule import Severity
from phiward.model.value import Value
from phiward.record import dataclass, field


@dataclass(frozen=True, slots=True)
class Identify:
    """One way to tell a resource's tenant. `kind`: tag, instance_key, name or namespace_label."""

    kind: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Release:
    """How a chart is installed. `values` are files, relative to the chart."""

    name: str = ""
    namespace: str = ""
    values: tuple[str, ...] = ()
    api_versions: tuple[str, ...] = ()
    kube_version: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """What a team says of a rule: that it is switched off, or of another severity than the pack's."""

    enabled: bool = True
    severity: Severity | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WaiverTerms:
    """What a team asks of its exceptions."""

    longest_days: int = 365
    """How far off the end of one may be: from its approval where that is dated, else from today."""
    warn_days: int = 30
    """How many days ahead of its end that is said."""
    inline_approver: bool = False
    """Whether those that are written at what they are about name an approver, too."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """How a CloudFormation template is deployed. `parameter_files` are relative to the settings file's directory."""

    parameters: Mapping[str, Value] = field(default_factory=dict)
    parameter_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Who answers for an attestation. `role`: preparer, reviewer or approver."""

    role: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class AttestationSettings:
    """What an attestation says of the one who makes it. Empty texts are left out of it."""

    entity: str = ""
    role: str = ""
    """`covered-entity` or `business-associate`."""
    systems: tuple[str, ...] = ()
    scope: str = ""
    repository: str = ""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    exclusions: tuple[tuple[str, str], ...] = ()
    """What is left out, and why."""
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    """Citations that do not apply to the entity, and why. One that a rule finds something about applies."""
    statement: str = ""
    signatories: tuple[Person, ...] = ()
    cadence_days: int = 31
    """Days between two runs beyond which there is a gap."""
    remediation_days: Mapping[Severity, int] = field(default_factory=dict)
    """How long a failure of a severity may stay open."""


@dataclass(frozen=True, slots=True)
class Project:
    """The settings file that applies to a scope, or the defaults where there is none.

    `path` is repository-relative, empty for the defaults. `complete_roots`, the charts of `helm`, the templates of
    `cloudformation` and the directories of `clusters` are relative to the file's directory.
    """

    path: str = ""
    directory: str = ""
    identify: tuple[Identify, ...] = (Identify("tag", "tenant"),)
    tiers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tenants: Mapping[str, str] = field(default_factory=dict)
    default_class: str = "phi"
    class_tag: str = "data-class"
    profile: str = "hipaa"
    parameters: Mapping[str, Value] = field(default_factory=dict)
    rules: Mapping[str, Override] = field(default_factory=dict)
    complete_roots: tuple[str, ...] = ()
    clusters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    helm: Mapping[str, tuple[Release, ...]] = field(default_factory=dict)
    cloudformation: Mapping[str, Deployment] = field(default_factory=dict)
    attestation: AttestationSettings = AttestationSettings()
    waivers: WaiverTerms = WaiverTerms()

    def place(self, entry: str) -> str:
        """The repository-relative path of an entry; `.` for the top of the repository."""
        parts: list[str] = []
        for part in f"{self.directory}/{entry}".split("/"):
            if part == ".." and parts:
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        return "/".join(parts) or "."

    def is_complete(self, root: str) -> bool:
        """Whether the file says that a root, by its repository-relative path, declares its whole account and region."""
        return any(self.place(entry) == (root.strip("/").removeprefix("./") or ".") for entry in self.complete_roots)

    def clusters_of(self, path: str) -> list[str]:
        """The names of the clusters that what stands at a repository-relative path is applied to."""
        return [
            name
            for name, entries in self.clusters.items()
            if any(self._holds(self.place(entry), path) for entry in entries)
        ]

    @staticmethod
    def _holds(directory: str, path: str) -> bool:
        return directory in (".", path) or path.startswith(f"{directory}/")
