"""Files and paths: abspath, basename, dirname, file, file*, fileexists, fileset, pathexpand."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from phiward.loaders.terraform.convert import make_set
from phiward.loaders.terraform.functions.conversion import nfc, to_text
from phiward.loaders.terraform.functions.function import Files, Function, Parameter, typed
from phiward.loaders.terraform.functions.hashing import digest
from phiward.model.value import Unknown, Value


def _file(files: Files, path: str) -> Value:
    return nfc(files.read_text(path))


def _reader(change: Callable[[bytes], str]) -> Function:
    """A function of a file's bytes, text or not."""

    def call(files: Files, path: str) -> Value:
        return change(files.read_bytes(path))

    return Function(typed(call, _FILES, _PATH), needs_files=True)


def _hashed(written: Callable[[bytes], str], algorithm: str) -> Function:
    def change(content: bytes) -> str:
        return written(digest(algorithm, content))

    return _reader(change)


def _fileexists(files: Files, path: str) -> Value:
    return files.exists(path)


def _fileset(files: Files, path: str, pattern: str) -> Value:
    return make_set(map(nfc, files.glob(path, pattern)))


def _base64(content: bytes) -> str:
    import base64

    return base64.b64encode(content).decode("ascii")


def _basename(path: str) -> str:
    if not path:
        return "."
    return posixpath.basename(path.rstrip("/")) or "/"


def _dirname(path: str) -> str:
    cleaned = posixpath.normpath(path[: path.rfind("/") + 1] or ".")
    return cleaned.replace("//", "/", 1) if cleaned.startswith("//") else cleaned


def _abspath(path: str) -> Value:
    if path.startswith("/"):
        cleaned = posixpath.normpath(path)
        return cleaned.replace("//", "/", 1) if cleaned.startswith("//") else cleaned
    return Unknown("abspath() depends on the directory in which Terraform runs")


def _pathexpand(path: str) -> Value:
    if path.startswith("~"):
        return Unknown("pathexpand() depends on the home directory of who runs Terraform")
    return path


def _anything(value: Value) -> Value:
    return value


_FILES = Parameter("files", _anything)
_PATH = Parameter("path", to_text)

FUNCTIONS: dict[str, Function] = {
    "abspath": Function(typed(_abspath, _PATH)),
    "basename": Function(typed(_basename, _PATH)),
    "dirname": Function(typed(_dirname, _PATH)),
    "file": Function(typed(_file, _FILES, _PATH), needs_files=True),
    "filebase64": _reader(_base64),
    "filebase64sha256": _hashed(_base64, "sha256"),
    "filebase64sha512": _hashed(_base64, "sha512"),
    "fileexists": Function(typed(_fileexists, _FILES, _PATH), needs_files=True),
    "filemd5": _hashed(bytes.hex, "md5"),
    "fileset": Function(typed(_fileset, _FILES, _PATH, Parameter("pattern", to_text)), needs_files=True),
    "filesha1": _hashed(bytes.hex, "sha1"),
    "filesha256": _hashed(bytes.hex, "sha256"),
    "filesha512": _hashed(bytes.hex, "sha512"),
    "pathexpand": Function(typed(_pathexpand, _PATH)),
}
