"""Where a root keeps its state, as a resource: the `backend` of its `terraform` block."""

from __future__ import annotations

from phiward.loaders.terraform.bodies import body_values
from phiward.loaders.terraform.evaluation import Env
from phiward.loaders.terraform.program import Program, locate_in
from phiward.loaders.terraform.syntax import Block
from phiward.model.location import Lines, Location
from phiward.model.resource import AttributePath, Resource, Scope
from phiward.model.value import Unknown, Value

_NEEDED = {"s3": ("bucket", "key")}
"""Without these a backend is a part, whose rest is given to `terraform init`."""
_REST = Unknown("the rest of the backend is given to `terraform init`", "write it, or scan the file that is given")


class BackendOrigin:
    """Finds the attributes of a backend in the syntax tree."""

    __slots__ = ("_block", "_env")

    def __init__(self, block: Block, env: Env) -> None:
        self._block = block
        self._env = env

    def lines(self) -> tuple[Lines, ...]:
        return (self.locate().lines,)

    def header(self) -> Location:
        assert self._block.file is not None
        return self._block.file.location(self._block.start, self._block.header_end)

    def locate(self, path: AttributePath = ()) -> Location:
        block = self._block
        assert block.file is not None
        if not path:
            return block.file.location(block.start, block.end)
        return locate_in(block.body, self._env, path, block.file) or self.header()


def backends(program: Program, source: str, scope: Scope) -> list[Resource]:
    """The backend of a root; those of its modules say nothing to Terraform."""
    found = []
    env = program.root.env
    for settings in program.root.source.settings:
        for block in settings.body.blocks:
            if block.type == "backend" and len(block.labels) == 1:
                block.file = settings.file
                kind = block.labels[0]
                resource = Resource(
                    source=source,
                    native_type=f"terraform.backend.{kind}",
                    address=f"terraform.backend.{kind}",
                    attributes=_attributes(kind, body_values(block.body, env)),
                    origin=BackendOrigin(block, env),
                    scope=scope,
                )
                found.append(resource)
    return found


def _attributes(kind: str, written: dict[str, Value]) -> dict[str, Value]:
    if all(name in written for name in _NEEDED.get(kind, ())):
        return written
    rest = {name: _REST for name in ("kms_key_id", "encrypt", "use_lockfile", "dynamodb_table") if name not in written}
    return {**written, **rest}
