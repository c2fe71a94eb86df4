"""Plan and state files as plain values: told apart by what they hold, never by what they are called.

The formats: developer.hashicorp.com/terraform/internals/json-format (`terraform show -json`), and the state file
itself, version 4.
"""

from __future__ import annotations

import errno
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

from phiward.loaders.terraform.module import is_terraform
from phiward.loaders.tree import Tree
from phiward.model.location import Lines, Location, Span
from phiward.model.resource import AttributePath
from phiward.outside import MAX_BYTES
from phiward.record import dataclass, field

_DEEPEST = 900
"""Python frames while the text is parsed; real plans nest some thirty levels."""
_MARKS = (b'"format_version"', b'"planned_values"', b'"resource_changes"', b'"terraform_version"', b'"provider_config"')
_address = re.compile(r'"address"\s*:\s*("(?:[^"\\]|\\.)*")')
_declared = re.compile(
    r'(?:"module"\s*:\s*"(?P<module>(?:[^"\\]|\\.)*)",\s*)?"mode"\s*:\s*"(?P<mode>managed|data)",\s*'
    r'"type"\s*:\s*"(?P<type>[^"\\]*)",\s*"name"\s*:\s*"(?P<name>[^"\\]*)"'
)
_SHOW = "terraform show -json"
_WRITE = f"write a plan with `terraform plan -out=p` and `{_SHOW} p`, a state with `{_SHOW}`"


class Kind(Enum):
    PLAN = "plan"
    STATE = "state"
    """What `terraform show -json` prints of a state."""
    STATE_FILE = "state file"
    """`terraform.tfstate` itself."""
    OTHER = "other"
    """Readable, and neither a plan nor a state: Terraform's source may read it."""
    BROKEN = "broken"


@dataclass(slots=True)
class Document:
    """A named file. `lines` tells where an address stands; `problem` why there is no content that can be judged.

    `meant` says that it has the marks of a plan or state, whether or not it can be read as one.
    """

    path: Path
    relative: str
    kind: Kind
    content: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    meant: bool = False
    problem: str = ""
    code: str = "not-a-plan"
    hint: str = ""
    line: int = 0
    column: int = 0


class DocumentOrigin:
    """Everything of a resource stands where its object begins in the plan or state file."""

    __slots__ = ("_location",)

    def __init__(self, document: Document, address: str) -> None:
        line = document.lines.get(address, 1)
        self._location = Location(document.relative, Span(line, 1, line, 1))

    def header(self) -> Location:
        return self._location

    def lines(self) -> tuple[Lines, ...]:
        return (self._location.lines,)

    def locate(self, path: AttributePath = ()) -> Location:  # noqa: ARG002 - the file has one place for all of them
        return self._location


def read_document(path: Path, tree: Tree, *, run_terraform: bool) -> Document:
    """Read a file and tell what it is. A binary plan is shown by Terraform, where that is allowed and installed."""
    found = Document(path, tree.relative(path), Kind.BROKEN)
    data = _bytes_of(found, tree)
    if data is None:
        return found
    if data.startswith(b"PK\x03\x04"):
        return _shown(found, data, tree, run_terraform=run_terraform)
    _parse(found, data)
    return found


def _shown(found: Document, data: bytes, tree: Tree, *, run_terraform: bool) -> Document:
    """A zip file: a binary plan, as Terraform shows it, or something else."""
    from phiward.loaders.terraform.binary_plan import is_plan, show

    found.meant = is_plan(data)
    if not found.meant:
        found.kind, found.code = Kind.OTHER, "not-a-plan"
        found.problem, found.hint = "it begins like a binary plan and is none", _WRITE
        return found
    tree.outside.complete = tree.outside.complete and not run_terraform  # what a program says cannot be asked again
    shown = show(found.path, tree) if run_terraform else "it is a binary plan"
    if isinstance(shown, str):
        found.code, found.problem = "binary-plan", shown
        found.hint = f"write it as JSON and scan that: {_SHOW} {found.path.name} > plan.json"
        return found
    _parse(found, shown)
    found.lines = {}  # they are lines of what Terraform printed, not of this file
    return found


def terraform_above(directory: Path, tree: Tree) -> Iterator[Path]:
    """The directory and those above it, inside the tree, that hold Terraform; the nearest first."""
    for above in (directory, *directory.parents):
        if not tree.inside(above):
            return
        try:
            found = any(map(is_terraform, tree.files(above)))
        except OSError:
            continue
        if found:
            yield above


def _bytes_of(document: Document, tree: Tree) -> bytes | None:
    path = document.path
    document.code = "unreadable"
    if not tree.inside(path):
        document.code = "outside"
        document.problem = "the file is a link to outside of the scanned tree and was not read"
        return None
    try:
        if tree.outside.is_file(path):
            return tree.outside.read(path, MAX_BYTES, keep=False)
        document.problem = "not a regular file"
    except OSError as error:
        if error.errno == errno.EFBIG:
            document.code = "too-large"
            document.problem = f"larger than {MAX_BYTES // 2**20} MB and was not read"
        else:
            document.problem = f"cannot be read: {error.strerror}"
            document.hint = "check the file's permissions"
    return None


def _parse(document: Document, data: bytes) -> None:
    """Parse the text once, and keep nothing of it but the lines of its addresses."""
    document.meant = document.meant or any(mark in data for mark in _MARKS)
    try:
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        document.code, document.problem = "encoding", "not UTF-8 text"
        document.line = data.count(b"\n", 0, error.start) + 1
        document.hint = f"write it with {_SHOW}; some shells redirect as UTF-16"
        return
    del data
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    document.code = "syntax"
    try:
        with _shallow():
            content = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        document.problem = _explained(error, text, meant=document.meant)
        document.line, document.column = error.lineno, error.colno
        document.hint = f"write it again with {_SHOW}"
        if not document.meant:
            document.kind = Kind.BROKEN if text.lstrip()[:1] in ("{", "[", "") else Kind.OTHER
        return
    except RecursionError:
        document.problem = "the JSON text is nested too deeply to be a plan or a state"
        return
    except ValueError as error:
        document.problem = f"not valid JSON: {error}"[:200]
        return
    document.code = "not-a-plan"
    _classify(document, content)
    if document.kind in (Kind.PLAN, Kind.STATE, Kind.STATE_FILE) and "\n" in text.rstrip():
        document.lines = _lines(text, document.kind)


def _explained(error: json.JSONDecodeError, text: str, *, meant: bool) -> str:
    if text.startswith('{"@level"'):
        return "this is the log that `terraform plan -json` prints, not the plan"
    if error.pos >= len(text.rstrip()) - 1:
        return f"the JSON text ends too early, at offset {error.pos}" + ("; the file is cut off" if meant else "")
    return f"not valid JSON at offset {error.pos}: {error.msg}"


@contextmanager
def _shallow() -> Iterator[None]:
    """A low limit of recursion: the C parser would else follow hostile nesting until its stack ends."""
    before = sys.getrecursionlimit()
    depth, frame = 0, sys._getframe()  # noqa: SLF001 - the interpreter has no other way to ask
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    sys.setrecursionlimit(min(before, depth + _DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def _classify(document: Document, content: Any) -> None:
    document.kind = Kind.OTHER
    document.problem = "neither a Terraform plan nor a state"
    document.hint = _WRITE
    if not isinstance(content, dict):
        return
    document.content = content
    if isinstance(content.get("planned_values"), dict) or isinstance(content.get("resource_changes"), list):
        document.kind = Kind.PLAN
    elif "values" in content and "format_version" in content:
        document.kind = Kind.STATE
    elif isinstance(content.get("version"), int) and ("resources" in content or "modules" in content):
        document.kind = Kind.STATE_FILE
    elif "format_version" in content and content.keys() <= {"format_version", "terraform_version", "checks"}:
        document.kind = Kind.STATE  # an empty state is shown as no more than that
    elif any(mark in content for mark in ("planned_values", "resource_changes", "configuration")):
        document.kind = Kind.BROKEN
        document.problem = "it has the parts of a plan, but they are not what a plan holds"
    elif "encrypted_data" in content:
        document.kind = Kind.BROKEN
        document.problem, document.hint = "the state is encrypted", "scan what `tofu show -json` prints"


def _lines(text: str, kind: Kind) -> dict[str, int]:
    """The line of each address in a file that has lines; what Terraform itself prints is a single one."""
    found: dict[str, int] = {}
    line, position = 1, 0
    pattern = _declared if kind is Kind.STATE_FILE else _address
    for match in pattern.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        try:
            address = _declared_address(match) if kind is Kind.STATE_FILE else json.loads(match[1])
        except ValueError:
            continue
        found.setdefault(address, line)
    return found


def _declared_address(match: re.Match[str]) -> str:
    module = json.loads(f'"{match["module"]}"') + "." if match["module"] else ""
    data = "data." if match["mode"] == "data" else ""
    return f"{module}{data}{match['type']}.{match['name']}"
