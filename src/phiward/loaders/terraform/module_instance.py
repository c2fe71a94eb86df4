"""A module as its callers instantiate it: inputs, locals, outputs, references and providers.

Everything is evaluated when it is first asked for, once, on the module's shared syntax tree. A value that depends on
itself is unknown instead of endless.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from phiward.loaders.terraform.bodies import body_values
from phiward.loaders.terraform.convert import Lookups, convert
from phiward.loaders.terraform.errors import EvaluationError
from phiward.loaders.terraform.evaluation import Env, attempt, decided, evaluate, first_unknown, materialise
from phiward.loaders.terraform.expansion import UNDECIDED_KEY, Expansion, expand, key_text
from phiward.loaders.terraform.functions.conversion import to_bool
from phiward.loaders.terraform.module import Module
from phiward.loaders.terraform.resource_instance import BUSY, ResourceInstance, provider_name
from phiward.loaders.terraform.sensitivity import hide
from phiward.loaders.terraform.syntax import Block, Traversal
from phiward.loaders.terraform.value_types import STRING, Type
from phiward.loaders.terraform.weight import MAX_ELEMENTS, too_large
from phiward.model.location import Location
from phiward.model.resource import Hole
from phiward.model.value import Reference, Unknown, Value, undecided

if TYPE_CHECKING:
    from phiward.loaders.terraform.program import Program


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
        self.prefix = f"{address}." if address else ""
        self.parent = parent
        self.call = call
        self.call_env = env
        self.env = Env(self)
        self.files = program.files_of(source.directory)
        self._memo: dict[tuple[str, str], Value] = {}
        self._expansions: dict[int, Expansion] = {}
        self._references: dict[int, dict[Any, Reference]] = {}
        self._children: dict[str, dict[Any, ModuleInstance] | Unknown] = {}
        self._configurations: dict[str, tuple[str, Block | None, ModuleInstance]] = {}
        self._calls: tuple[Location, ...] | None = None

    @property
    def calls(self) -> tuple[Location, ...]:
        """The module blocks that lead here, outermost first."""
        if self._calls is None:
            if self.parent is None or self.call is None or self.call.file is None:
                self._calls = ()
            else:
                self._calls = (*self.parent.calls, self.call.file.location(self.call.start, self.call.end))
        return self._calls

    # -- names

    def root(self, name: str, steps: tuple[Any, ...], env: Env) -> tuple[Value, int]:
        """See `environment.Module.root`."""
        first = steps[0] if steps else None
        if name in ("var", "local") and isinstance(first, str):
            return self._remembered(name, first), 1
        if name == "resource" and isinstance(first, str):  # the long way to write `aws_kms_key.a`
            value, taken = self.root(first, steps[1:], env)
            return value, taken + 1
        if name == "path":
            return self.program.path_value(self.source, str(first)), 1
        if name == "terraform":
            return self.program.workspace if first == "workspace" else Unknown(f"terraform.{first}"), 1
        if not isinstance(first, str):
            raise EvaluationError(f"{name!r} is not a name here")
        if name == "module":
            return self._module_value(first, steps, env)
        if name in ("data", "ephemeral"):
            second = steps[1] if len(steps) > 1 else None
            declared = self.source.data if name == "data" else self.source.ephemerals
            block = declared.get((first, second)) if isinstance(second, str) else None
            if block is None:
                raise EvaluationError(f"{name}.{first}.{second} is not declared in this module")
            return self._resource_value(block, steps, 2, env)
        block = self.source.resources.get((name, first))
        if block is None:
            raise EvaluationError(f"{name}.{first} is not declared in this module")
        return self._resource_value(block, steps, 1, env)

    def _remembered(self, kind: str, name: str) -> Value:
        key = (kind, name)
        found = self._memo.get(key, self)
        if found is self:
            self._memo[key] = BUSY
            compute = {"var": self._variable, "local": self._local, "output": self._output}[kind]
            try:
                found = compute(name)
                if isinstance(found, (list, dict)) and too_large(found):
                    found = Unknown(f"{kind}.{name} has more than {MAX_ELEMENTS} elements inside")
            except EvaluationError as error:
                found = Unknown(str(error))
            except RecursionError:
                found = Unknown(f"{kind}.{name} depends on too long a chain of other values")
            self._memo[key] = found
        if found is BUSY:
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
        type_ = self.source.type_of(name)
        given, found = self._given(name, type_)
        nullable = not block or "nullable" not in attributes or _flag(block, "nullable")
        if not found or (given is None and not nullable):
            if "default" not in attributes:
                hint = f"give it with --var {name}=..., --var-file, {name} in terraform.tfvars, or a default"
                if self.parent is not None:
                    hint = f"pass {name} in the call of {self.address}"
                return Unknown(f"variable {name} has no value", hint)
            given = attempt(attributes["default"].value, self.env)
        if type_ is not None:
            try:
                given = convert(given, type_, Lookups(lambda node: attempt(node, self.env), self.resolve))
            except EvaluationError as error:
                given = Unknown(f"variable {name}: {error}")
        return hide(given) if block and _flag(block, "sensitive") else given

    def _given(self, name: str, type_: Type | None) -> tuple[Value, bool]:
        """The value that the caller passes, and whether it passes one."""
        if self.parent is None or self.call is None:
            return self.program.root_variable(name, type_ or STRING)
        attribute = self.call.body.attributes.get(name)
        if attribute is None:
            return None, False
        return attempt(attribute.value, self.call_env or self.parent.env), True

    # -- modules

    def children(self, name: str) -> dict[Any, ModuleInstance] | Unknown:
        """The instances of a module call by key; `Unknown` where the module could not be loaded."""
        if name not in self._children:
            self._children[name] = Unknown(f"module.{name} depends on itself")
            found = self.program.locate(self, name)
            if isinstance(found, Hole):
                # What is passed to it may lead back to its outputs: this is why they are unknown, not the circle.
                self._children[name] = Unknown(found.reason, found.hint)
                self.program.leave_out(self, name, found)
            else:
                self._children[name] = self.program.instantiate(self, name, found)
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
        elif not children:
            return None, taken  # it is not enabled
        else:
            child = next(iter(children.values()))
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
            found = self._expansions[id(block)] = self._repeated_over(block) or expand(block.body, self.env)
            if block.type in ("resource", "data", "ephemeral"):
                self._register(block, found)
        return found

    def _repeated_over(self, block: Block) -> Expansion | None:
        """One instance for each of another block's: `for_each = aws_s3_bucket.a`, whose own number is not known."""
        attribute = block.body.attributes.get("for_each")
        node = attribute.value if attribute else None
        if not isinstance(node, Traversal) or len(node.steps) != 1:
            return None
        other = self.source.resources.get((node.root, str(node.steps[0])))
        if other is None or "for_each" not in other.body.attributes:
            return None
        expansion = self.expansion(other)
        return expansion.with_values(lambda key: self._reference(other, key)) if expansion.undecided else None

    def _register(self, block: Block, expansion: Expansion) -> None:
        references = self._references[id(block)] = {}
        managed = block.type == "resource"
        for key, names in expansion.instances.items():
            address = self.instance_address(block, key)
            env = self.env.bind(names) if names else self.env
            references[key] = Reference(address)
            self.program.instances[address] = ResourceInstance(self, block, address, env, managed=managed)

    def _reference(self, block: Block, key: Any) -> Reference:
        """To an instance, which may still be in the making."""
        found = self._references.get(id(block), {}).get(key)
        return Reference(self.instance_address(block, key)) if found is None else found

    def instance_address(self, block: Block, key: Any) -> str:
        kind = "" if block.type in ("resource", "module") else f"{block.type}."
        base = f"{self.prefix}{kind}{'.'.join(block.labels)}"
        return base + key_text(key)

    def _resource_value(self, block: Block, steps: tuple[Any, ...], taken: int, env: Env) -> tuple[Value, int]:
        expansion = self.expansion(block)
        if not expansion.keyed:
            # Without an instance it is not enabled, and null.
            return next((self._reference(block, key) for key in expansion.instances), None), taken
        if len(steps) > taken:
            key = self._key(steps[taken], expansion, env)
            if isinstance(key, Unknown):
                return key, len(steps)
            return self._reference(block, key), taken + 1
        if expansion.undecided:
            return expansion.undecided, taken
        references = self._references[id(block)]
        return (dict(references) if "for_each" in block.body.attributes else list(references.values())), taken

    def resolve(self, reference: Reference) -> Value:
        return self.program.resolve(reference)

    def resource_instances(self) -> Iterator[ResourceInstance]:
        """Every managed resource of this module, in the order of its files."""
        for block in self.source.resources.values():
            self.expansion(block)
            for reference in self._references[id(block)].values():
                yield self.program.instances[reference.address]

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
        if provider not in self._configurations:
            self._configurations[provider] = self._configuration(provider)
        return self._configurations[provider]

    def _configuration(self, provider: str) -> tuple[str, Block | None, ModuleInstance]:
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
