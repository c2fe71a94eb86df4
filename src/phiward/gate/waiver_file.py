"""`phiward.waivers.yaml` -> exceptions with what each is about. An entry that is wrong is a problem at its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phiward.gate.ignores import same_person
from phiward.gate.selectors import ARN, Listed, Selector, WaiverFile
from phiward.loaders.entries import Entry, EntryError, Sheet, read_sheet
from phiward.loaders.tree import Tree
from phiward.model.finding import Diagnostic, Waiver, WaiverType
from phiward.model.location import Location
from phiward.pack import Pack
from phiward.record import replace

CODE = "ignore"
SHORTEST_REASON = 20
_TYPES = tuple(type_.value for type_ in WaiverType)
TERMS = (
    "rule", "type", "reason", "owner", "approver", "approved", "expires", "unknown", "measure", "equivalence",
    "compensating_controls", "risk_analysis", "ticket",
)  # fmt: skip
_SELECTORS = ("address", "module", "path", "arn", "tag")


def read_waiver_file(file: Path, scopes: frozenset[str], tree: Tree, pack: Pack) -> tuple[WaiverFile, list[Diagnostic]]:
    """Every exception of a file, and every problem of it with its line and column."""
    sheet = read_sheet(file, "waivers", tree, CODE)
    if isinstance(sheet, Diagnostic):
        return WaiverFile(tree.relative(file), "", scopes), [sheet]
    listed: list[Listed] = []
    problems: list[Diagnostic] = []
    try:
        for number, value in sheet.entries():
            try:
                listed.append(_listed(value, number, sheet, pack))
            except EntryError as error:
                problems.append(sheet.problem(CODE, error, number))
    except EntryError as error:
        problems.append(sheet.problem(CODE, error))
    return WaiverFile(sheet.path, sheet.directory, scopes, tuple(listed)).index(), problems


def _listed(value: Any, number: int, sheet: Sheet, pack: Pack) -> Listed:
    entry = Entry(value, ("resources", *TERMS), "the exception")
    entry.needed("rule", "resources", "reason", "owner", "approver", "expires")
    selector = _selector(entry.get("resources"), sheet.directory)
    waiver = waiver_of(entry, sheet.location(("waivers", number)), pack, "file", SHORTEST_REASON)
    return Listed(replace(waiver, selector=selector.written), selector)


def waiver_of(entry: Entry, location: Location, pack: Pack, kind: str, shortest: int = 1) -> Waiver:
    """What an entry says of an exception, but for what it is about. Raises EntryError."""
    rule = entry.text("rule")
    try:
        citations = pack.rule(rule).citations
    except KeyError as error:
        hint = "`phiward rules list` shows them all"
        raise EntryError(f"the exception names a rule that does not exist: {rule!r}"[:200], "rule", hint) from error
    type_ = WaiverType(entry.word("type", _TYPES))
    expires = entry.day("expires")
    assert expires is not None
    approved = entry.day("approved")
    if approved and approved > expires:
        raise EntryError("it was approved after its end", "approved")
    waiver = Waiver(
        rule=rule,
        reason=entry.text("reason", shortest),
        owner=entry.text("owner"),
        expires=expires,
        location=location,
        kind=kind,
        type=type_,
        approver=entry.text("approver"),
        approved=approved,
        covers_unknown=entry.flag("unknown", default=kind == "inline" and type_ is WaiverType.WAIVER),
        measure=entry.text("measure"),
        equivalence=entry.text("equivalence", shortest),
        compensating_controls=entry.texts("compensating_controls"),
        risk_analysis=entry.text("risk_analysis"),
        ticket=entry.text("ticket"),
    )
    if same_person(waiver.owner, waiver.approver):
        raise EntryError("the approver is another person than the owner", "approver")
    _check_type(waiver, {id_: pack.citations[id_]["designation"] for id_ in citations})
    return waiver


def _check_type(waiver: Waiver, designations: Mapping[str, str]) -> None:
    if waiver.type is WaiverType.FALSE_POSITIVE and waiver.covers_unknown:
        raise EntryError("a verdict that could not be decided is no false positive", "unknown")
    if waiver.type is not WaiverType.ALTERNATIVE_MEASURE:
        if waiver.measure or waiver.equivalence:
            hint = "type: alternative-measure"
            raise EntryError(f"a {waiver.type} has no measure and no equivalence", "measure", hint)
        return
    for key in ("measure", "equivalence", "approver"):
        if not getattr(waiver, key):
            raise EntryError(f"an alternative measure has {key}", "type", "what is done instead, and why it is as good")
    for citation, designation in designations.items():
        if designation == "required":
            message = f"{waiver.rule} shows {citation}, which is required: no alternative measure can stand in for it"
            raise EntryError(message, "type", "a waiver says that the risk is taken for a while")
    if "addressable" not in designations.values():
        message = f"{waiver.rule} cites no addressable specification, and nothing else admits an alternative measure"
        raise EntryError(message, "type", "a waiver says that the risk is taken for a while")


def _selector(value: Any, directory: str) -> Selector:
    try:
        entry = Entry(value, _SELECTORS, "resources")
        address, module, path, arn = (entry.text(key) for key in _SELECTORS[:4])
        tags = _tags(entry.get("tag"))
    except EntryError as error:
        raise EntryError(error.message, "resources", error.hint) from error
    if not (address or module or path or arn or tags):
        raise EntryError("resources says nothing", "resources", f"one or more of {', '.join(_SELECTORS)}")
    if arn and not arn.startswith(ARN):
        raise EntryError(f"no ARN: {arn!r}"[:200], "resources", "it begins with arn:")
    said = [f"{key} {entry.text(key)}" for key in _SELECTORS[:4] if key in entry]
    said += [f"tag {name}={wanted}" for name, wanted in tags]
    where = _path(path, directory) if path else ""
    return Selector(address, module, where, arn, tags, " and ".join(said))


def _path(path: str, directory: str) -> str:
    """The pattern relative to the repository. It stands for what is beside or below the file."""
    steps = [step for step in path.split("/") if step not in ("", ".")]
    if path.startswith("/") or "\\" in path or ".." in steps or not steps:
        raise EntryError("path is relative to the file of exceptions, and beside or below it", "resources")
    return "/".join([*directory.split("/"), *steps] if directory else steps)


def _tags(value: Any) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, dict) or not value or not all(isinstance(one, str) and one for one in value.values()):
        raise EntryError("tag is a mapping of names to texts", "resources")
    return tuple(value.items())
