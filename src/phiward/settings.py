"""Flags, environment and `phiward.yaml` become frozen settings, here and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from phiward.errors import SettingsError
from phiward.model.project import (
    AttestationSettings,
    Deployment,
    Identify,
    Override,
    Person,
    Project,
    Release,
    WaiverTerms,
)
from phiward.model.rule import SEVERITIES, Severity
from phiward.outside import Outside
from phiward.record import dataclass, field

SETTINGS_FILE = "phiward.yaml"
_MOST_DAYS = 3660
WAIVERS_FILE = "phiward.waivers.yaml"
OF_A_DIRECTORY = (SETTINGS_FILE, WAIVERS_FILE)
"""Files that say something of everything below their directory: where one of them changes, all of it is judged anew."""
_DEEPEST = 50
"""Levels of nesting in a settings file; eight are in use."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Which AWS accounts to read, and how. Nothing of it is a secret: keys come from the SDK's own chain."""

    profile: str = ""
    regions: tuple[str, ...] = ()
    """Empty for the profile's own region; `all` for every one that is enabled."""
    roles: tuple[str, ...] = ()
    external_id: str = ""
    organization: str = ""
    """The name of the role to assume in every active account of the organization."""
    services: tuple[str, ...] = ()
    endpoint_url: str = ""
    save: Path | None = None
    resume: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """One scan. Paths are as given; `fail_on` None means that no finding fails the gate (--exit-zero)."""

    paths: tuple[Path, ...]
    today: date
    settings_file: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    variable_files: tuple[Path, ...] = ()
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    template_parameters: Mapping[str, str] = field(default_factory=dict)
    """Values for the parameters of CloudFormation templates."""
    template_parameter_files: tuple[Path, ...] = ()
    workspace: str = ""
    rules: tuple[str, ...] = ()
    rule_directories: tuple[Path, ...] = ()
    """An organisation's own rules, judged beside the bundled ones."""
    severity: Severity = Severity.LOW
    tenants: tuple[str, ...] = ()
    fail_on: Severity = Severity.LOW
    fail_on_unknown: bool = False
    allow_incomplete: bool = False
    exit_zero: bool = False
    changed: bool = False
    """The paths are what a commit changes: that none of it is for us to judge is then no fault."""
    standard_input: bytes | None = None
    """What is scanned instead of the paths."""
    live: LiveSettings | None = None
    """Accounts to read beside the paths, or alone."""
    baseline: Path | None = None
    """The failures on record, which the gate tolerates."""


def terraform_environment(environment: Mapping[str, str] = os.environ) -> tuple[dict[str, str], str]:
    """The variables (`TF_VAR_name`) and the workspace that Terraform itself would take from the environment."""
    variables = {k.removeprefix("TF_VAR_"): v for k, v in environment.items() if k.startswith("TF_VAR_")}
    return variables, environment.get("TF_WORKSPACE", "")


class Projects:
    """The `phiward.yaml` of each directory: the nearest one upwards, inside the tree; or the one that was named."""

    def __init__(self, base: Path, outside: Outside, explicit: Path | None = None) -> None:
        self._base = base
        self._outside = outside
        self._explicit = self._read(explicit) if explicit else None
        self._by_directory: dict[Path, Project] = {}

    def of(self, directory: Path) -> Project:
        """The settings that apply to a directory. Raises SettingsError where its file is wrong."""
        if self._explicit is not None:
            return self._explicit
        if directory not in self._by_directory:
            path = directory / SETTINGS_FILE
            if self._outside.is_file(path):
                found = self._read(path)
            elif directory == self._base or self._base not in directory.parents:
                found = Project()
            else:
                found = self.of(directory.parent)
            self._by_directory[directory] = found
        return self._by_directory[directory]

    def _read(self, path: Path) -> Project:
        resolved = self._outside.resolve(path)
        inside = self._base in resolved.parents
        relative = resolved.relative_to(self._base).as_posix() if inside else str(path)
        directory = "" if "/" not in relative else relative.rsplit("/", 1)[0]
        return parse_project(read_yaml(path, self._outside), relative, directory)


def read_yaml(path: Path, outside: Outside) -> Any:
    """A settings file as plain values. Raises SettingsError with line and column."""
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        data = outside.read(path)
        depth = 0
        for event in yaml.parse(data, Loader=loader):  # the C loader would overflow the stack
            starts = isinstance(event, yaml.CollectionStartEvent)
            depth += starts - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise SettingsError(f"nested deeper than {_DEEPEST} levels", where=_at(path, event.start_mark))
        return yaml.load(data, Loader=loader)  # noqa: S506 - both are safe loaders
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except yaml.MarkedYAMLError as error:
        where = _at(path, error.problem_mark)
        raise SettingsError(f"not valid YAML: {error.problem}", where=where) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError("not valid YAML", where=str(path)) from error


def _at(path: Path, mark: Any) -> str:
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)


def parse_project(document: Any, path: str, directory: str = "") -> Project:
    """A settings document checked key by key. Raises SettingsError; an unknown key is an error, never ignored."""
    if document is None:
        document = {}
    keys = _mapping(document, path, "", _KEYS)
    tenancy = _mapping(keys.get("tenancy", {}), path, "tenancy", ("identify", "tiers", "tenants"))
    classes = _mapping(keys.get("data_classes", {}), path, "data_classes", ("default", "tag"))
    tiers = {name: _tier(value, path, f"tenancy.tiers.{name}") for name, value in _any(tenancy, "tiers", path).items()}
    tenants = {
        name: _text(tier, path, f"tenancy.tenants.{name}") for name, tier in _any(tenancy, "tenants", path).items()
    }
    for name, tier in tenants.items():
        if tier not in tiers:
            raise SettingsError(f"tenancy.tenants.{name}: there is no tier {tier!r} under tenancy.tiers", where=path)
    return Project(
        path=path,
        directory=directory,
        tiers=tiers,
        tenants=tenants,
        identify=_identify(tenancy["identify"], path) if "identify" in tenancy else Project().identify,
        default_class=_text(classes.get("default", "phi"), path, "data_classes.default"),
        class_tag=_text(classes.get("tag", "data-class"), path, "data_classes.tag"),
        profile=_text(keys.get("profile", "hipaa"), path, "profile"),
        parameters=_any(keys, "parameters", path),
        rules={id_: _override(value, path, f"rules.{id_}") for id_, value in _any(keys, "rules", path).items()},
        complete_roots=_texts(keys, "complete_roots", path),
        clusters={
            name: _texts(_any(keys, "clusters", path), name, path, "clusters.") for name in _any(keys, "clusters", path)
        },
        cloudformation={
            template: _deployment(value, path, f"cloudformation.{template}")
            for template, value in _any(keys, "cloudformation", path).items()
        },
        helm={chart: _releases(value, path, f"helm.{chart}") for chart, value in _any(keys, "helm", path).items()},
        attestation=_attestation(keys["attestation"], path) if "attestation" in keys else AttestationSettings(),
        waivers=_terms(keys.get("waivers", {}), path),
    )


_KEYS = (
    "tenancy", "data_classes", "profile", "parameters", "rules", "complete_roots", "clusters", "helm", "cloudformation",
    "attestation",
    "waivers",
)  # fmt: skip
_RELEASE = ("release", "namespace", "values", "api_versions", "kube_version")
_DEDICATION = {
    "database": ("dedicated", "shared"),
    "bucket": ("dedicated", "shared"),
    "key": ("dedicated", "per-tier", "shared"),
}


def _tier(value: Any, path: str, where: str) -> dict[str, str]:
    promises = _mapping(value, path, where, tuple(_DEDICATION))
    for name, promise in promises.items():
        if promise not in _DEDICATION[name]:
            choices = ", ".join(_DEDICATION[name])
            raise SettingsError(f"{where}.{name} is one of {choices}, not {promise!r}", where=path)
    return promises


def _override(value: Any, path: str, where: str) -> Override:
    """What is said of one rule. That it is switched off, or made another severity, needs a reason."""
    keys = _mapping(value, path, where, ("enabled", "severity", "reason"))
    enabled, severity = keys.get("enabled", True), keys.get("severity")
    if not isinstance(enabled, bool):
        raise SettingsError(f"{where}.enabled is true or false, not {enabled!r}", where=path)
    if severity is not None and severity not in SEVERITIES:
        raise SettingsError(f"{where}.severity is one of {', '.join(SEVERITIES)}, not {severity!r}", where=path)
    reason = _text(keys.get("reason"), path, f"{where}.reason") if "reason" in keys else ""
    if not reason.strip() and (not enabled or severity is not None):
        raise SettingsError(
            f"{where} has no reason", hint="every report shows what a team changes, and why", where=path
        )
    return Override(enabled, None if severity is None else SEVERITIES[severity], reason)


def _terms(value: Any, path: str) -> WaiverTerms:
    """What is asked of exceptions."""
    keys = _mapping(value, path, "waivers", WaiverTerms.__match_args__)
    for name, least in (("longest_days", 1), ("warn_days", 0)):
        number = keys.get(name, least)
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= _MOST_DAYS:
            raise SettingsError(f"waivers.{name} is a number of days from {least} to {_MOST_DAYS}", where=path)
    if not isinstance(keys.get("inline_approver", False), bool):
        raise SettingsError("waivers.inline_approver is true or false", where=path)
    return WaiverTerms(**keys)


def _deployment(value: Any, path: str, where: str) -> Deployment:
    """How a template is deployed."""
    keys = _mapping(value, path, where, ("parameters", "parameter_files"))
    given = _any(keys, "parameters", path, f"{where}.")
    for name, item in given.items():
        if not all(isinstance(each, (str, int, float, bool)) for each in (item if isinstance(item, list) else [item])):
            raise SettingsError(f"{where}.parameters.{name} is a text, a number, or a list of them", where=path)
    return Deployment(given, _texts(keys, "parameter_files", path, f"{where}."))


def _releases(value: Any, path: str, where: str) -> tuple[Release, ...]:
    """How a chart is installed: one mapping, or a list of them for a chart that is installed several times."""
    found = []
    for number, entry in enumerate(value, 1) if isinstance(value, list) else [(0, value)]:
        here = f"{where}[{number}]" if number else where
        keys = _mapping(entry, path, here, _RELEASE)
        texts = {
            name: _text(keys.get(key, ""), path, f"{here}.{key}") if key in keys else ""
            for name, key in (("name", "release"), ("namespace", "namespace"), ("kube_version", "kube_version"))
        }
        _check_names(texts, path, here)
        versions = _texts(keys, "api_versions", path, f"{here}.")
        found.append(Release(**texts, values=_texts(keys, "values", path, f"{here}."), api_versions=versions))
    if not found:
        raise SettingsError(f"{where} is a release or a list of them", where=path)
    if len({release.name for release in found}) < len(found):
        raise SettingsError(f"{where}: each release of a chart has a name of its own", where=path)
    return tuple(found)


def _check_names(texts: dict[str, str], path: str, where: str) -> None:
    """They become arguments of Helm."""
    import re

    for key, longest in (("name", 53), ("namespace", 63)):
        if texts[key] and not re.fullmatch(rf"[a-z0-9](?:[-a-z0-9]{{0,{longest - 2}}}[a-z0-9])?", texts[key]):
            raise SettingsError(f"{where}: {texts[key]!r} is no name that Kubernetes takes", where=path)
    if texts["kube_version"] and not re.fullmatch(r"v?\d+\.\d+(?:\.\d+)?", texts["kube_version"]):
        raise SettingsError(f"{where}.kube_version is a version such as 1.34", where=path)


def _identify(value: Any, path: str) -> tuple[Identify, ...]:
    import re

    from phiward.explosive import problem_of

    if not isinstance(value, list):
        raise SettingsError("tenancy.identify is a list", where=path)
    entries = []
    for number, entry in enumerate(value, 1):
        where = f"tenancy.identify[{number}]"
        keys = _mapping(entry, path, where, ("tag", "instance_key", "name", "namespace_label"))
        if len(keys) != 1:
            raise SettingsError(f"{where} has exactly one key", where=path)
        kind, pattern = next(iter(keys.items()))
        pattern = _text(pattern, path, where)
        if kind in ("instance_key", "name"):
            if problem := problem_of(pattern):
                raise SettingsError(f"{where}: {problem}", where=path)
            if "tenant" not in re.compile(pattern).groupindex:
                raise SettingsError(f"{where}: the pattern has no group (?P<tenant>...)", where=path)
        entries.append(Identify(kind, pattern))
    return tuple(entries)


_ATTESTATION = {
    "texts": ("entity", "role", "scope", "repository", "statement"),
    "lists": ("systems", "accounts", "regions"),
    "others": ("exclusions", "not_applicable", "signatories", "cadence_days", "remediation_days"),
}
_ENTITY_ROLES = ("", "covered-entity", "business-associate")
_SIGNATORY_ROLES = ("preparer", "reviewer", "approver")


def _attestation(value: Any, path: str) -> AttestationSettings:
    """What an attestation says of the one who makes it."""
    where = "attestation"
    keys = _mapping(value, path, where, tuple(name for names in _ATTESTATION.values() for name in names))
    texts = {name: _text(keys[name], path, f"{where}.{name}") if name in keys else "" for name in _ATTESTATION["texts"]}
    lists = {name: _texts(keys, name, path, f"{where}.") for name in _ATTESTATION["lists"]}
    if texts["role"] not in _ENTITY_ROLES:
        raise SettingsError(f"{where}.role is covered-entity or business-associate, not {texts['role']!r}", where=path)
    excused = _any(keys, "not_applicable", path, f"{where}.")
    limits = _any(keys, "remediation_days", path, f"{where}.")
    for name in limits:
        if name not in SEVERITIES:
            raise SettingsError(f"{where}.remediation_days has no severity {name!r}", where=path)
    return AttestationSettings(
        entity=texts["entity"],
        role=texts["role"],
        systems=lists["systems"],
        scope=texts["scope"],
        repository=texts["repository"],
        accounts=lists["accounts"],
        regions=lists["regions"],
        statement=texts["statement"],
        exclusions=tuple(_exclusion(one, path, f"{where}.exclusions") for one in _list(keys, "exclusions", path)),
        not_applicable={name: _text(why, path, f"{where}.not_applicable.{name}") for name, why in excused.items()},
        signatories=_signatories(keys, path, f"{where}.signatories"),
        cadence_days=_days(keys.get("cadence_days", 31), path, f"{where}.cadence_days"),
        remediation_days={
            SEVERITIES[name]: _days(days, path, f"{where}.remediation_days.{name}") for name, days in limits.items()
        },
    )


def _exclusion(value: Any, path: str, where: str) -> tuple[str, str]:
    keys = _mapping(value, path, where, ("what", "why"))
    return _text(keys.get("what"), path, f"{where}.what"), _text(keys.get("why"), path, f"{where}.why")


def _signatories(mapping: Mapping[str, Any], path: str, where: str) -> tuple[Person, ...]:
    """Who answers for it. Who approves must be somebody else than who prepares."""
    found = []
    for entry in _list(mapping, "signatories", path):
        keys = _mapping(entry, path, where, ("role", "name", "title"))
        person = Person(*(_text(keys.get(name), path, f"{where}.{name}") for name in ("role", "name", "title")))
        if person.role not in _SIGNATORY_ROLES:
            raise SettingsError(
                f"{where}.role is one of {', '.join(_SIGNATORY_ROLES)}, not {person.role!r}", where=path
            )
        found.append(person)
    approvers = {_folded(person.name) for person in found if person.role == "approver"}
    for person in found:
        if person.role == "preparer" and _folded(person.name) in approvers:
            raise SettingsError(f"{where}: {person.name} cannot approve what they prepared", where=path)
    return tuple(found)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _days(value: Any, path: str, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _MOST_DAYS:
        raise SettingsError(f"{where} is a number of days, not {value!r}", where=path)
    return value


def _mapping(value: Any, path: str, where: str, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{where or 'the file'} is a mapping", where=path)
    for key in value:
        if key not in known:
            name = f"{where}.{key}" if where else str(key)
            raise SettingsError(f"unknown key {name!r}", hint=f"known here: {', '.join(known)}", where=path)
    return value


def _any(mapping: Mapping[str, Any], key: str, path: str, within: str = "") -> dict[str, Any]:
    value = mapping.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise SettingsError(f"{within}{key} is a mapping of names", where=path)
    return value


def _list(mapping: Mapping[str, Any], key: str, path: str) -> list[Any]:
    value = mapping.get(key, [])
    if not isinstance(value, list):
        raise SettingsError(f"{key} is a list", where=path)
    return value


def _texts(mapping: Mapping[str, Any], key: str, path: str, within: str = "") -> tuple[str, ...]:
    return tuple(_text(item, path, f"{within}{key}") for item in _list(mapping, key, path))


def _text(value: Any, path: str, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{where} is a text, not {value!r}", where=path)
    return value
