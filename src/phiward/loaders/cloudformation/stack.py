"""A template with its parameters: what it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from phiward.loaders.cloudformation.conditions import Conditions, named
from phiward.loaders.cloudformation.conditions import truth as holds
from phiward.loaders.cloudformation.evaluation import MACRO, NO_VALUE, Entry, Evaluator
from phiward.loaders.cloudformation.nesting import NESTED, location
from phiward.loaders.cloudformation.origin import KEPT, OURS, TemplateOrigin
from phiward.loaders.cloudformation.parameters import declared
from phiward.loaders.cloudformation.program import MAX_STACKS, Program
from phiward.loaders.cloudformation.template import Template
from phiward.model.location import Location
from phiward.model.resource import Hole
from phiward.model.value import Deployed, OpenAttributes, Unknown, Value, references_in
from phiward.record import dataclass

PSEUDO = {
    Deployed: ("AccountId", "Partition", "Region", "StackId", "StackName", "URLSuffix"),
    Unknown: ("NotificationARNs",),
}
_EVERYWHERE = ("AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix")
"""Pseudo parameters that are the same in a nested stack."""
_OWN = {
    "AWS::LanguageExtensions", "AWS::Serverless-2016-10-31", "AWS::SecretsManager-2020-07-23",
    "AWS::SecretsManager-2024-09-16", "AWS::CodeDeployBlueGreen",
}  # fmt: skip
"""Transforms that change nothing of what is written here, or whose work is done here."""
_LOCAL = "name it by its path, as `aws cloudformation package` takes it, or scan it, too"
_UNDER_WAY: Any = object()


@dataclass(slots=True, eq=False)
class Declared:
    """One resource of a stack."""

    address: str
    native_type: str
    attributes: Mapping[str, Value]
    origin: TemplateOrigin
    calls: tuple[Location, ...] = ()
    number: str = ""
    uncounted: Unknown | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why it is not known whether a resource is there: the undecided conditions that it stands under."""

    conditions: tuple[str, ...] = ()
    why: Unknown | None = None

    def under(self, name: str, why: Unknown) -> Doubt:
        return Doubt((*self.conditions, name), self.why or why)


@dataclass(frozen=True, slots=True)
class Around:
    """Where a nested stack stands: the stack resources around it, outermost first."""

    prefix: str = ""
    calls: tuple[Location, ...] = ()
    doubt: Doubt = Doubt()
    files: tuple[str, ...] = ()


_AT_THE_TOP = Around()


class Stack:
    """One template, with values for its parameters."""

    def __init__(
        self, template: Template, given: Mapping[str, Value], program: Program, around: Around = _AT_THE_TOP
    ) -> None:
        self.template = template
        self.program = program
        self.around = around
        self.prefix = around.prefix
        self.open: Unknown | None = None
        """Why the template may declare something besides what can be seen."""
        self.holes: list[Hole] = []
        self.parameters: dict[str, Value] = {
            f"AWS::{name}": kind(f"AWS::{name} depends on where the stack is deployed")
            for kind, names in PSEUDO.items()
            for name in names
        }
        self.parameters |= {name: value for name, value in given.items() if name in self.parameters}
        self.parameters |= declared(template, given)
        self.mappings = template.sections["Mappings"]
        self.evaluator = Evaluator(self)
        self.conditions = Conditions(self.evaluator)
        self.spend = program.spend
        self.synonyms: Mapping[str, str] = {}
        """Other names for some resources: `Function.Alias`."""
        self._found: dict[str, Entry] | None = None
        self._children: dict[str, Stack | Unknown] = {}
        self._read_transforms()

    # -- what it declares

    @property
    def _bodies(self) -> Mapping[str, Entry]:
        """The resources by their logical ids; none while loops over them are unrolled, which cannot need them."""
        if self._found is None:
            self._found = {}
            self._found = self._unrolled()
            self.program.custom |= {self.prefix + name for name, entry in self._found.items() if _is_custom(entry[2])}
        return self._found

    def _unrolled(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for entry in self.evaluator.entries(self.template.sections["Resources"]):
            if isinstance(entry, Unknown):
                self.open = self.open or entry
                self.holes.append(Hole(entry.reason, entry.hint))
            elif isinstance(entry[2], dict):
                found[entry[0]] = entry
            else:
                self.template.problem(f"the resource {entry[0]} is not a mapping", ("Resources", *entry[3]))
        if any(str(e[2].get("Type")).startswith("AWS::Serverless::") or "Connectors" in e[2] for e in found.values()):
            from phiward.loaders.cloudformation.sam import expanded

            made = expanded(found, self.template.sections["Globals"], self.evaluator)
            found = made.bodies
            self.holes += made.holes
            self.synonyms = made.names
        return found

    @property
    def logical_ids(self) -> Mapping[str, Any]:
        return self._bodies

    @property
    def nested(self) -> set[str]:
        """The logical ids of what is a stack of its own."""
        return {name for name, entry in self._bodies.items() if entry[2].get("Type") in NESTED}

    def resources(self) -> Iterator[Declared]:
        """Everything that the template declares, in its order, with what is nested in it."""
        for name, (_, evaluator, body, at) in self._bodies.items():
            place = ("Resources", *at)
            native = body.get("Type")
            if not isinstance(native, str):
                self.template.problem(f"the resource {name} has no type", place)
                self.holes.append(Hole(f"what {self.prefix}{name} is, is not known"))
                continue
            doubt = self._doubt(name, evaluator, body)
            if doubt is None:
                continue
            yield Declared(
                address=self.prefix + name,
                native_type=native,
                attributes=self._attributes(name),
                origin=TemplateOrigin(self.template, evaluator, body, place),
                calls=self.around.calls,
                number="\n".join(doubt.conditions),
                uncounted=doubt.why,
            )
            if native in NESTED:
                child = self.child(name)
                if isinstance(child, Stack):
                    yield from child.resources()
                    self.holes += child.holes
            elif native.endswith("::MODULE"):
                self._leave_out(name, "module", f"what the module {native} makes is not known")

    def _doubt(self, name: str, evaluator: Evaluator, body: Mapping[str, Any]) -> Doubt | None:
        """Why the resource may not be there; None where it is not."""
        doubt = self.around.doubt
        if "*" in name:
            loop = next((value for value in evaluator.bindings.values() if isinstance(value, Unknown)), None)
            doubt = doubt.under(f"{self.prefix}{loop}", loop) if loop is not None else doubt
        condition = body.get("Condition")
        if condition is None:
            return doubt
        truth = named(evaluator, condition, body) if isinstance(condition, str) else holds(evaluator, condition)
        if isinstance(truth, Unknown):
            return doubt.under(f"{self.prefix}{condition}", truth)
        return doubt if truth else None

    def _attributes(self, name: str) -> Mapping[str, Value]:
        _, evaluator, body, at = self._bodies[name]
        properties = evaluator.value(body.get("Properties") or {})
        if isinstance(properties, Unknown):
            properties = OpenAttributes({}, properties)
        elif not isinstance(properties, dict):
            self.template.problem("Properties is not a mapping", ("Resources", *at, "Properties"))
            properties = OpenAttributes({}, Unknown("its Properties are not a mapping"))
        for key in KEPT:
            value = evaluator.value(body[key]) if key in body else NO_VALUE
            if value is not NO_VALUE:
                properties[key] = value
        if isinstance(metadata := body.get("Metadata"), dict) and "phiward" in metadata:
            properties[OURS] = metadata["phiward"]
        macro = self._macro
        opened: Mapping[str, Value] = properties if macro is None else _opened(properties, macro)
        return opened

    # -- nested stacks

    def child(self, name: str) -> Stack | Unknown:
        """The stack that a stack resource makes, or why it is not known."""
        found = self._children.get(name)
        if found is _UNDER_WAY:
            return self.evaluator.problem(f"the stack {name} needs itself", self._bodies[name][2])
        if found is None:
            self._children[name] = _UNDER_WAY
            found = self._children[name] = self._make_child(name)
        return found

    def _make_child(self, name: str) -> Stack | Unknown:
        _, evaluator, body, at = self._bodies[name]
        attributes = self._attributes(name)
        written = location(body)
        where = Unknown("it names no template") if written is None else evaluator.plain(written)
        if not isinstance(where, str):
            why = (
                where
                if isinstance(where, Unknown)
                else Unknown("where it stands is known only once the stack is deployed")
            )
            message = f"the template of {name} was not read: {why.reason}"
            return self._leave_out(name, "nested-stack", message, why.hint or _LOCAL)
        file = self.program.library.beside(self.template, where)
        if isinstance(file, Unknown):
            message = f"the template of {name} was not read: {file.reason}"
            return self._leave_out(name, "nested-stack", message, file.hint)
        if str(file) in (*self.around.files, str(self.template.file)):
            return self._leave_out(name, "nested-stack", f"{where} is nested in itself")
        self.program.stacks += 1
        if self.program.stacks > MAX_STACKS:
            return self._leave_out(name, "nested-stack", f"more than {MAX_STACKS} nested stacks: {name} was not read")
        template = self.program.library.template(file)
        if template is None:
            return self._leave_out(name, "", f"{where} could not be read")
        doubt = self._doubt(name, evaluator, body) or Doubt()
        origin = TemplateOrigin(self.template, evaluator, body, ("Resources", *at))
        around = Around(
            prefix=f"{self.prefix}{name}.",
            calls=(*self.around.calls, origin.locate()),
            doubt=doubt,
            files=(*self.around.files, str(self.template.file)),
        )
        given = attributes.get("Parameters")
        passed = {key: self.parameters[key] for key in _EVERYWHERE}
        return Stack(template, {**passed, **(given if isinstance(given, dict) else {})}, self.program, around)

    def _leave_out(self, name: str, code: str, message: str, hint: str = "") -> Unknown:
        """Note a part that cannot be looked into: what it holds, knows of no more than it is given."""
        place = ("Resources", *self._bodies[name][3])
        if code:
            self.template.problem(message, place, hint=hint, code=code)
        reason = f"{self.template.path}:{self.template.span(place).line}: {message}"
        given = references_in(dict(self._attributes(name)))
        self.holes.append(Hole(reason, hint, frozenset(given)))
        return Unknown(reason, hint)

    def output_of(self, name: str, path: tuple[str, ...]) -> Value:
        """An output of a nested stack."""
        child = self.child(name)
        if isinstance(child, Unknown):
            return child
        return child.output(".".join(path))

    def output(self, name: str) -> Value:
        """What the template puts out under a name."""
        for entry in self.evaluator.entries(self.template.sections["Outputs"]):
            if not isinstance(entry, Unknown) and entry[0] == name and isinstance(entry[2], dict):
                return entry[1].plain(entry[2].get("Value"))
        return Unknown(f"{self.template.path} puts out no {name}")

    # -- macros

    def _read_transforms(self) -> None:
        self._macro: Unknown | None = None
        for section in ("Parameters", "Mappings", "Conditions"):
            if MACRO in self.template.sections[section]:
                what = f"what is included in {section} is not worked out"
                self.template.problem(what, (section, MACRO), code="include")
                self.open = self.open or Unknown(f"{self.template.path}: {what}")
        for number, written in enumerate(self.template.transforms):
            name = written.get("Name") if isinstance(written, dict) else written
            if isinstance(name, str) and name in _OWN:
                continue
            several = isinstance(self.template.document.value.get("Transform"), list)
            place = ("Transform", number) if several else ("Transform",)
            why = self._macro_is_unknown(str(name), self.template.span(place).line)
            self.template.problem(why.reason, place, code="macro")
            self._macro = self._macro or why
            self.open = self.open or why
            self.holes.append(Hole(why.reason))

    def _macro_is_unknown(self, name: str, line: int) -> Unknown:
        return Unknown(f"{self.template.path}:{line}: what the macro {name} makes of it is not known")

    def expanded(self, evaluator: Evaluator, argument: Any, node: Any) -> Any:
        """What a macro makes, as written: a piece of a template that is included, else `Unknown`."""
        if isinstance(argument, list) and len(argument) == 1:
            (argument,) = argument
        name = argument.get("Name") if isinstance(argument, dict) else None
        place = self.template.place_of(node)
        if name != "AWS::Include":
            why = self._macro_is_unknown(str(name), self.template.span(place).line)
            self.template.problem(why.reason, place, code="macro")
            return why
        parameters = argument.get("Parameters")
        location = evaluator.plain(parameters.get("Location")) if isinstance(parameters, dict) else None
        if not isinstance(location, str):
            why = location if isinstance(location, Unknown) else Unknown("its location is not known")
        else:
            file = self.program.library.beside(self.template, location)
            found = file if isinstance(file, Unknown) else self.program.library.piece(file)
            if not isinstance(found, Unknown):
                return found
            why = found
        message = f"what is included here was not read: {why.reason}"
        self.template.problem(message, place, hint=why.hint, code="include")
        return Unknown(f"{self.template.path}:{self.template.span(place).line}: {message}", why.hint)


def _is_custom(body: Mapping[str, Any]) -> bool:
    return str(body.get("Type")).startswith(("Custom::", "AWS::CloudFormation::CustomResource"))


def _opened(value: Value, why: Unknown) -> Any:
    """A value in which every mapping may have entries besides those that are written."""
    if isinstance(value, list):
        return [_opened(item, why) for item in value]
    if isinstance(value, dict):
        return OpenAttributes({key: _opened(item, why) for key, item in value.items()}, why)
    return value
