"""Hashes: base64sha256, base64sha512, bcrypt, md5, rsadecrypt, sha1, sha256, sha512, uuid, uuidv5."""

from __future__ import annotations

from phiward.loaders.terraform.functions.conversion import to_number, to_text
from phiward.loaders.terraform.functions.errors import FunctionError
from phiward.loaders.terraform.functions.function import Function, Parameter, typed
from phiward.model.value import Unknown, Value

_NAMESPACES = {
    "dns": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "url": "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
    "oid": "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
    "x500": "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
}


def digest(algorithm: str, content: bytes) -> bytes:
    """The hash, by hashlib's name of the algorithm."""
    import hashlib

    return hashlib.new(algorithm, content, usedforsecurity=False).digest()


def _hex(algorithm: str) -> Function:
    def call(text: str) -> str:
        return digest(algorithm, text.encode()).hex()

    return Function(typed(call, Parameter("str", to_text)))


def _base64(algorithm: str) -> Function:
    def call(text: str) -> str:
        import base64

        return base64.b64encode(digest(algorithm, text.encode())).decode("ascii")

    return Function(typed(call, Parameter("str", to_text)))


def _uuidv5(namespace: str, name: str) -> str:
    import uuid

    known = _NAMESPACES.get(namespace, namespace)
    try:
        base = uuid.UUID(known)
    except ValueError as error:
        raise FunctionError(f'uuidv5() doesn\'t support namespace "{namespace}"') from error
    return str(uuid.uuid5(base, name))


def _uuid() -> Value:
    return Unknown("uuid() gives another value at each run")


def _bcrypt(_text: Value, *_cost: Value) -> Value:
    return Unknown("bcrypt() gives another value at each run")


def _rsadecrypt(_ciphertext: str, _key: str) -> Value:
    return Unknown("rsadecrypt() needs a private key, which is not used here")


FUNCTIONS = {
    "base64sha256": _base64("sha256"),
    "base64sha512": _base64("sha512"),
    "bcrypt": Function(typed(_bcrypt, Parameter("str", to_text), rest=Parameter("cost", to_number)), partial=True),
    "md5": _hex("md5"),
    "rsadecrypt": Function(typed(_rsadecrypt, Parameter("ciphertext", to_text), Parameter("privatekey", to_text))),
    "sha1": _hex("sha1"),
    "sha256": _hex("sha256"),
    "sha512": _hex("sha512"),
    "uuid": Function(typed(_uuid)),
    "uuidv5": Function(typed(_uuidv5, Parameter("namespace", to_text), Parameter("name", to_text))),
}
