"""Modules and resources as their callers instantiate them: `count`, `for_each`, inputs, references.

Everything is evaluated when it is first asked for, once, on the module's shared syntax tree. A value that depends on
itself is unknown instead of endless.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.evaluation import (
    Env,
    attempt,
    decided,
    evaluate,
    first_unknown,
    materialise,
    materialise_known,
    step,
)
from phiward.loaders.terraform.functions.conversion import to_bool, to_number
from phiward.loaders.terraform.functions.undecided import OpenList
from phiward.loaders.terraform.module import Module
from phiward.loaders.terraform.sensitivity import hide
from phiward.loaders.terraform.syntax import Block, Body, Expression, Literal, Traversal
from phiward.loaders.terraform.types import STRING, convert, parse_type
from phiward.model.location import Location
from phiward.model.value import Partial, Reference, Sensitive, SetValue, Unknown, Value, undecided
from phiward.record import dataclass, field

if TYPE_CHECKING:
    from phiward.loaders.terraform.program import Program

MAX_INSTANCES = 100_000
META = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection", "providers"})
_BUSY = object()
UNDECIDED_KEY = ("*",)
"""No key that configuration can write."""


@dataclass(slots=True)
class Expansion:
    """What `count` and `for_each` make of a block: `names` to bind for each instance key.

    The key is None for a block without either. `undecided` says why the keys are not (all) known; one representative
    instance, of key `*`, then stands for those that are not.
    """

    instances: dict[Any, Mapping[str, Value]] = field(default_factory=dict)
    undecided: Unknown | None = None
    keyed: bool = True


def expand(body: Body, env: Env) -> Expansion:
    """The instances of a resource, data or module block."""
    if "count" in body.attributes:
        return _expand_count(decided(attempt(body.attributes["count"].value, env), env))
    if "for_each" in body.attributes:
        return _expand_each(decided(attempt(body.attributes["for_each"].value, env), env), env)
    return Expansion({None: {}}, keyed=False)


def _expand_count(value: Value) -> Expansion:
    try:
        number = None if undecided(value) else to_number(value)
    except EvaluationError as error:
        value, number = Unknown(f"count: {error}"), None
    if not isinstance(number, int) or not 0 <= number <= MAX_INSTANCES:
        why = (
            first_unknown(value)
            if undecided(value)
            else Unknown("count is not a number of instances that can be judged")
        )
        return Expansion({UNDECIDED_KEY: {"count": {"index": why}}}, why)
    return Expansion({index: {"count": {"index": index}} for index in range(number)})


def _expand_each(value: Value, env: Env) -> Expansion:
    if isinstance(value, dict) and len(value) <= MAX_INSTANCES:
        return Expansion({key: {"each": {"key": key, "value": value[key]}} for key in sorted(value)})
    if isinstance(value, list) and len(value) <= MAX_INSTANCES:
        return _expand_set(value, env)
    why = first_unknown(value) if undecided(value) else Unknown("for_each is not a map or set that can be judged")
    return _representative(Expansion({}), why)


def _expand_set(value: list[Value], env: Env) -> Expansion:
    expansion = Expansion()
    for item in value:
        key = decided(item, env)
        if isinstance(key, Sensitive):
            _representative(expansion, Unknown("for_each takes no sensitive key"))
        elif isinstance(key, str):
            expansion.instances[key] = {"each": {"key": key, "value": key}}
        else:
            _representative(expansion, first_unknown(key))
    return expansion


def _representative(expansion: Expansion, why: Unknown) -> Expansion:
    expansion.instances[UNDECIDED_KEY] = {"each": {"key": why, "value": why}}
    expansion.undecided = why
    return expansion


def block_elements(blocks: list[Block], type_: str, env: Env) -> Iterator[tuple[Body, Env] | Unknown]:
    """Each nested block of a type, dynamic ones expanded; an `Unknown` for those whose number is not known."""
    for block in blocks:
        if block.type == type_:
            yield block.body, env
        elif block.type == "dynamic" and block.labels == (type_,):
            yield from _dynamic_elements(block, env)


def _dynamic_elements(block: Block, env: Env) -> Iterator[tuple[Body, Env] | Unknown]:
    attributes = block.body.attributes
    if "for_each" not in attributes:
        return
    iterator = attributes["iterator"].value if "iterator" in attributes else None
    name = _iterator_name(iterator, block.labels[0])
    collection = decided(attempt(attributes["for_each"].value, env), env)
    pairs: list[tuple[Value, Value]]
    if isinstance(collection, dict):
        pairs = sorted(collection.items())
    elif isinstance(collection, list):
        pairs = (
            [(item, item) for item in collection] if isinstance(collection, SetValue) else list(enumerate(collection))
        )
    else:
        yield first_unknown(collection)
        return
    may_be_several = isinstance(collection, (SetValue, OpenList))
    content = [inner.body for inner in block.body.blocks if inner.type == "content"]
    for key, value in pairs:
        if may_be_several and isinstance(value, Unknown):
            yield value
            continue
        inner_env = env.bind({name: {"key": key, "value": value}})
        for body in content:
            yield body, inner_env


def _iterator_name(node: Expression | None, label: str) -> str:
    """The name that `iterator =` gives, a bare word in the native syntax and a string in JSON."""
    if isinstance(node, Traversal):
        return node.root
    return node.value if isinstance(node, Literal) and isinstance(node.value, str) else label


def body_values(body: Body, env: Env, *, meta: frozenset[str] = frozenset()) -> dict[str, Value]:
    """The attributes of a body; nested blocks are lists of mappings."""
    values = {name: attempt(a.value, env) for name, a in body.attributes.items() if name not in meta}
    for type_ in dict.fromkeys(b.labels[0] if b.type == "dynamic" and b.labels else b.type for b in body.blocks):
        if type_ not in meta:
            values[type_] = block_values(body, type_, env)
    return values


def block_values(body: Body, type_: str, env: Env) -> list[Value]:
    return [e if isinstance(e, Unknown) else body_values(*e) for e in block_elements(body.blocks, type_, env)]


class ResourceInstance:
    """One instance of a resource or data block."""

    __slots__ = ("_values", "address", "block", "env", "managed", "module")

    def __init__(self, module: ModuleInstance, block: Block, address: str, env: Env, *, managed: bool) -> None:
        self.module = module
        self.block = block
        self.address = address
        self.env = env
        self.managed = managed
        self._values: dict[str, Value] = {}

    @property
    def type(self) -> str:
        return self.block.labels[0]

    def value(self, name: str) -> Value:
        """One attribute as configured; `Unknown` where it is not, for then only the provider knows it."""
        found = self._values.get(name)
        if found is None and name not in self._values:
            self._values[name] = _BUSY
            found = self._values[name] = self._evaluate(name)
        if found is _BUSY:
            return Unknown(f"{self.address}.{name} depends on itself")
        return found

    def _evaluate(self, name: str) -> Value:
        body = self.block.body
        if name in body.attributes and name not in META:
            value = attempt(body.attributes[name].value, self.env)
            if value is not None:
                return value
        elif any(b.type == name or b.labels == (name,) for b in body.blocks):
            return block_values(body, name, self.env)
        if not self.managed and self.type == "aws_iam_policy_document" and name in ("json", "minified_json"):
            from phiward.loaders.terraform.iam_policy_document import policy_json

            return policy_json(materialised_sources(body_values(body, self.env, meta=META), self.env))
        if self.managed:
            return Unknown(f"{self.address}.{name} is known only after apply")
        return Unknown(f"{self.address}.{name} is read by the provider when it plans", "scan the plan to decide it")

    def attributes(self) -> dict[str, Value]:
        """All attributes, with the provider's default tags merged into `tags_all`."""
        values = body_values(self.block.body, self.env, meta=META)
        if self.type.startswith("aws_"):
            defaults = self.module.default_tags(self._provider_name())
            if defaults:
                values["tags_all"] = _merge_tags(defaults, values.get("tags"))
        return values

    @property
    def provider(self) -> str:
        """The provider configuration that manages it, by the name where it is written: one account and region."""
        return self.module.configuration(self._provider_name())[0]

    def _provider_name(self) -> str:
        chosen = self.block.body.attributes.get("provider")
        return provider_name(chosen.value) if chosen else self.type.partition("_")[0]


def materialised_sources(attributes: dict[str, Value], env: Env) -> dict[str, Value]:
    """The source and override documents of a policy document, which are other documents' JSON, put in place."""
    for name in ("source_policy_documents", "override_policy_documents", "source_json", "override_json"):
        if name in attributes:
            attributes[name] = _document_text(attributes[name], env)
    return attributes


def _document_text(value: Value, env: Env) -> Value:
    """The text behind a reference to a document; the references inside of the text stay what they are."""
    if isinstance(value, list):
        return type(value)([_document_text(item, env) for item in value])
    if isinstance(value, Partial):
        return materialise_known(value, env)
    return env.module.resolve(value) if isinstance(value, Reference) else value


def _merge_tags(defaults: Value, tags: Value) -> Value:
    if isinstance(defaults, dict) and (tags is None or isinstance(tags, dict)):
        return {**defaults, **(tags or {})}
    return tags if undecided(tags) else defaults


def provider_name(node: Expression) -> str:
    """`aws.west` as written in `provider =` or in the map of `providers =`."""
    if isinstance(node, Traversal):
        return ".".join((node.root, *(str(s) for s in node.steps)))
    value = getattr(node, "value", "aws")
    return value if isinstance(value, str) else "aws"


class ModuleInstance:
    """One instance of a module: its inputs, locals, resources and the modules that it calls."""

    def __init__(
        self,
        program: Program,
        source: Module,
        address: str = "",
        *,
        parent: ModuleInstance | None = None,
        call: Block | None = None,
        env: Env | None = None,
    ) -> None:
        self.program = program
        self.source = source
        self.address = address
        self.parent = parent
        self.call = call
        self.call_env = env
        self.env = Env(self)
        self.files = program.files_of(source.directory)
        self._memo: dict[tuple[str, str], Value] = {}
        self._expansions: dict[int, Expansion] = {}
        self._children: dict[str, dict[Any, ModuleInstance] | Unknown] = {}

    @property
    def prefix(self) -> str:
        return f"{self.address}." if self.address else ""

    @property
    def calls(self) -> tuple[Location, ...]:
        """The module blocks that lead here, outermost first."""
        if self.parent is None or self.call is None or self.call.file is None:
            return ()
        return (*self.parent.calls, self.call.file.location(self.call.start, self.call.end))

    # -- names

    def root(self, name: str, steps: tuple[Any, ...], env: Env) -> tuple[Value, int]:
        """See `evaluation.Module.root`."""
        first = steps[0] if steps else None
        if name == "resource" and isinstance(first, str):  # the long way to write `aws_kms_key.a`
            value, taken = self.root(first, steps[1:], env)
            return value, taken + 1
        if name == "path":
            return self.program.path_value(self.source, str(first)), 1
        if name == "terraform":
            return self.program.workspace if first == "workspace" else Unknown(f"terraform.{first}"), 1
        if not isinstance(first, str):
            raise EvaluationError(f"{name!r} is not a name here")
        if name == "var":
            return self._remembered("var", first), 1
        if name == "local":
            return self._remembered("local", first), 1
        if name == "module":
            return self._module_value(first, steps, env)
        if name in ("data", "ephemeral"):
            second = steps[1] if len(steps) > 1 else None
            block = self.source.data.get((first, second)) if isinstance(second, str) else None
            if block is None:
                raise EvaluationError(f"data.{first}.{second} is not declared in this module")
            return self._resource_value(block, steps, 2, env)
        block = self.source.resources.get((name, first))
        if block is None:
            raise EvaluationError(f"{name}.{first} is not declared in this module")
        return self._resource_value(block, steps, 1, env)

    def _remembered(self, kind: str, name: str) -> Value:
        key = (kind, name)
        found = self._memo.get(key, self)
        if found is self:
            self._memo[key] = _BUSY
            compute = {"var": self._variable, "local": self._local, "output": self._output}[kind]
            try:
                found = compute(name)
            except EvaluationError as error:
                found = Unknown(str(error))
            except RecursionError:
                found = Unknown(f"{kind}.{name} depends on too long a chain of other values")
            self._memo[key] = found
        if found is _BUSY:
            return Unknown(f"{kind}.{name} depends on itself")
        return found

    def _local(self, name: str) -> Value:
        attribute = self.source.locals.get(name)
        if attribute is None:
            raise EvaluationError(f"local.{name} is not declared in this module")
        return attempt(attribute.value, self.env)

    def output(self, name: str) -> Value:
        """The value of an output, as the caller sees it."""
        return self._remembered("output", name)

    def _output(self, name: str) -> Value:
        block = self.source.outputs.get(name)
        if block is None:
            holes = self.source.holes
            why = f"; {holes[0].reason}" if holes else ""
            return Unknown(f"module {self.address} has no output {name!r}{why}")
        attribute = block.body.attributes.get("value")
        value = attempt(attribute.value, self.env) if attribute else None
        return hide(value) if _flag(block, "sensitive") else value

    def _variable(self, name: str) -> Value:
        block = self.source.variables.get(name)
        if block is None and self.source.holes:
            return Unknown(f"variable {name} is not declared in what could be read")
        attributes = block.body.attributes if block else {}
        given, found = self._given(name, attributes["type"].value if "type" in attributes else None)
        nullable = not block or "nullable" not in attributes or _flag(block, "nullable")
        if not found or (given is None and not nullable):
            if "default" not in attributes:
                hint = f"give it with --var {name}=..., --var-file, {name} in terraform.tfvars, or a default"
                if self.parent is not None:
                    hint = f"pass {name} in the call of {self.address}"
                return Unknown(f"variable {name} has no value", hint)
            given = attempt(attributes["default"].value, self.env)
        if "type" in attributes:
            try:
                given = convert(given, parse_type(attributes["type"].value), lambda node: attempt(node, self.env))
            except EvaluationError as error:
                given = Unknown(f"variable {name}: {error}")
        return hide(given) if block and _flag(block, "sensitive") else given

    def _given(self, name: str, type_node: Expression) -> tuple[Value, bool]:
        """The value that the caller passes, and whether it passes one."""
        if self.parent is None or self.call is None:
            return self.program.root_variable(name, parse_type(type_node) if type_node else STRING)
        attribute = self.call.body.attributes.get(name)
        if attribute is None:
            return None, False
        return attempt(attribute.value, self.call_env or self.parent.env), True

    # -- modules

    def children(self, name: str) -> dict[Any, ModuleInstance] | Unknown:
        """The instances of a module call by key; `Unknown` where the module could not be loaded."""
        if name not in self._children:
            self._children[name] = Unknown(f"module.{name} depends on itself")
            self._children[name] = self.program.instantiate(self, name)
        return self._children[name]

    def _module_value(self, name: str, steps: tuple[Any, ...], env: Env) -> tuple[Value, int]:
        block = self.source.calls.get(name)
        if block is None:
            raise EvaluationError(f"module.{name} is not declared in this module")
        children = self.children(name)
        if isinstance(children, Unknown):
            return children, len(steps)
        expansion = self.expansion(block)
        taken = 1
        if expansion.keyed:
            if len(steps) == taken:
                if expansion.undecided:
                    return expansion.undecided, taken
                outputs = {key: child.outputs() for key, child in children.items()}
                return (outputs if "for_each" in block.body.attributes else list(outputs.values())), taken
            key = self._key(steps[taken], expansion, env)
            taken += 1
            if isinstance(key, Unknown):
                return key, len(steps)
            child = children.get(key)
        else:
            child = children.get(None)
        if child is None:
            return Unknown(f"module.{name} has no instance of that key that could be read"), len(steps)
        if len(steps) > taken and isinstance(steps[taken], str):
            return child.output(steps[taken]), taken + 1
        return child.outputs(), taken

    def outputs(self) -> dict[str, Value]:
        return {name: self.output(name) for name in self.source.outputs}

    def _key(self, step_: Any, expansion: Expansion, env: Env) -> Any:
        """The instance key that a step means; the representative's where the keys are not known."""
        key = step_ if isinstance(step_, (str, int)) else decided(evaluate(step_, env), env)
        if key in expansion.instances if isinstance(key, (str, int)) else False:
            return key
        if expansion.undecided:
            return UNDECIDED_KEY
        if undecided(key):
            return first_unknown(key)
        if isinstance(key, str) and key.isdigit() and int(key) in expansion.instances:
            return int(key)
        raise EvaluationError(f"there is no instance {key!r}")

    # -- resources

    def expansion(self, block: Block) -> Expansion:
        found = self._expansions.get(id(block))
        if found is None:
            self._expansions[id(block)] = Expansion({}, Unknown("its number of instances depends on itself"))
            found = self._expansions[id(block)] = expand(block.body, self.env)
            if block.type in ("resource", "data", "ephemeral"):
                self._register(block, found)
        return found

    def _register(self, block: Block, expansion: Expansion) -> None:
        for key, names in expansion.instances.items():
            address = self.instance_address(block, key)
            env = self.env.bind(names) if names else self.env
            self.program.instances[address] = ResourceInstance(
                self, block, address, env, managed=block.type == "resource"
            )

    def instance_address(self, block: Block, key: Any) -> str:
        kind = "" if block.type in ("resource", "module") else f"{block.type}."
        base = f"{self.prefix}{kind}{'.'.join(block.labels)}"
        return base + key_text(key)

    def _resource_value(self, block: Block, steps: tuple[Any, ...], taken: int, env: Env) -> tuple[Value, int]:
        expansion = self.expansion(block)
        if not expansion.keyed:
            return Reference(self.instance_address(block, None)), taken
        if len(steps) > taken:
            key = self._key(steps[taken], expansion, env)
            if isinstance(key, Unknown):
                return key, len(steps)
            return Reference(self.instance_address(block, key)), taken + 1
        if expansion.undecided:
            return expansion.undecided, taken
        references = {key: Reference(self.instance_address(block, key)) for key in expansion.instances}
        return (references if "for_each" in block.body.attributes else list(references.values())), taken

    def resolve(self, reference: Reference) -> Value:
        return self.program.resolve(reference)

    def resource_instances(self) -> Iterator[ResourceInstance]:
        """Every managed resource of this module, in the order of its files."""
        for block in self.source.resources.values():
            for key in self.expansion(block).instances:
                yield self.program.instances[self.instance_address(block, key)]

    # -- providers

    def default_tags(self, provider: str) -> Value:
        """The `default_tags` of a provider configuration, inherited or passed by the caller; None without any."""
        key = ("provider", provider)
        if key not in self._memo:
            _, block, owner = self.configuration(provider)
            values = body_values(block.body, owner.env).get("default_tags") if block else None
            blocks = values if isinstance(values, list) else [values]  # JSON may write one object
            tags = next((e.get("tags") for e in blocks if isinstance(e, dict)), None)
            self._memo[key] = materialise(tags, owner.env)
        return self._memo[key]

    def configuration(self, provider: str) -> tuple[str, Block | None, ModuleInstance]:
        """The provider configuration that a name means here: its own name, its block and the module that writes it."""
        local, _, alias = provider.partition(".")
        for block in self.source.providers:
            if block.labels == (local,) and _alias(block, self.env) == alias:
                return f"{self.prefix}{provider}", block, self
        if self.parent is None or self.call is None:
            return f"{self.prefix}{provider}", None, self
        passed = self.call.body.attributes.get("providers")
        for name, value in getattr(passed.value, "items", ()) if passed else ():
            if provider_name(name) == provider:
                return self.parent.configuration(provider_name(value))
        if alias or passed:
            return f"{self.prefix}{provider}", None, self
        return self.parent.configuration(provider)


def _alias(block: Block, env: Env) -> str:
    attribute = block.body.attributes.get("alias")
    value = attempt(attribute.value, env) if attribute else ""
    return value if isinstance(value, str) else "?"


def _flag(block: Block, name: str) -> bool:
    attribute = block.body.attributes.get(name)
    value = getattr(attribute.value, "value", None) if attribute else None
    try:
        return bool(to_bool(value)) if value is not None else False
    except EvaluationError:
        return False


_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def key_text(key: Any) -> str:
    """An instance key as Terraform prints it in an address."""
    if key is None:
        return ""
    if key == UNDECIDED_KEY:
        return "[*]"
    if isinstance(key, int):
        return f"[{key}]"
    escaped = (
        key.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    )
    return f'["{escaped}"]'


__all__ = ["ModuleInstance", "ResourceInstance", "step"]
