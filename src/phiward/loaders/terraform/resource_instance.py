"""One instance of a resource or data block: its values, evaluated when they are first asked for, once.

A value that depends on itself is unknown instead of endless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phiward.loaders.terraform.bodies import META, block_values, body_values
from phiward.loaders.terraform.evaluation import Env, attempt, materialise, materialise_known
from phiward.loaders.terraform.expansion import deciding
from phiward.loaders.terraform.syntax import Block, Expression, Traversal
from phiward.model.value import Partial, Reference, Unknown, Value, left_to_the_provider, like, undecided

if TYPE_CHECKING:
    from phiward.loaders.terraform.module_instance import ModuleInstance

BUSY = object()
"""Stands for a value that is being evaluated."""
ANSWERS = {"aws_iam_policy_document": ("json", "minified_json"), "template_file": ("rendered",)}
"""What data sources answer from what they are asked alone."""


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
            self._values[name] = BUSY
            found = self._values[name] = self._evaluate(name)
        if found is BUSY:
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
        if not self.managed and name in ANSWERS.get(self.type, ()):
            return self._answer(body_values(body, self.env, meta=META))
        return left_to_the_provider(Reference(self.address, (name,)))

    def _answer(self, asked: dict[str, Value]) -> Value:
        if self.type == "template_file":
            from phiward.loaders.terraform.rendering import rendered

            return rendered(asked, self.env)
        from phiward.loaders.terraform.iam_policy_document import policy_json

        return policy_json(_in_place(asked, self.env))

    def attributes(self) -> dict[str, Value]:
        """All attributes, with the provider's default tags merged into `tags_all`."""
        values = body_values(self.block.body, self.env, meta=META)
        if self.type.startswith("aws_"):
            defaults = self.module.default_tags(self._provider_name())
            if defaults:
                values["tags_all"] = _merge_tags(defaults, values.get("tags"))
        return values

    @property
    def number(self) -> str:
        """The text of `count` or its like where it does not say how many instances there are."""
        attribute = deciding(self.block.body) if self.address.endswith("[*]") else None
        if attribute is None:
            return ""
        file = attribute.file or self.block.file
        assert file is not None
        return " ".join(file.text[attribute.value.start : attribute.value.end].split())

    @property
    def uncounted(self) -> Unknown | None:
        """Why it is not known how many instances there are, of the one that stands for them."""
        return self.module.expansion(self.block).undecided if self.address.endswith("[*]") else None

    @property
    def provider(self) -> str:
        """The provider configuration that manages it, by the name where it is written: one account and region."""
        return self.module.configuration(self._provider_name())[0]

    def _provider_name(self) -> str:
        chosen = self.block.body.attributes.get("provider")
        return provider_name(chosen.value) if chosen else self.type.partition("_")[0]


def _in_place(attributes: dict[str, Value], env: Env) -> dict[str, Value]:
    """What a policy document says, with what is configured elsewhere in place: in JSON it would lack its quotes.

    The source and override documents are other documents' JSON.
    """
    documents = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")
    return {
        name: _document_text(value, env) if name in documents else materialise(value, env, keep=True)
        for name, value in attributes.items()
    }


def _document_text(value: Value, env: Env) -> Value:
    """The text behind a reference to a document; the references inside of the text stay what they are."""
    if isinstance(value, list):
        return like(value, [_document_text(item, env) for item in value])
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
