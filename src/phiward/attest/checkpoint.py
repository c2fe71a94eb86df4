"""Checkpoints and proofs of the ledger, in the formats that transparency logs share.

https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note, https://c2sp.org/tlog-proof
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

from phiward.attest.dsse import decode
from phiward.attest.keys import ED25519, PublicKey
from phiward.attest.signers import Signer
from phiward.attest.tree import SIZE
from phiward.record import dataclass

MAX_BYTES = 256 * 1024
_PROOF = "c2sp.org/tlog-proof@v1"
_ORIGIN = re.compile(r"[!-*,-~]{1,200}")
"""Visible ASCII without the plus sign."""
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")
_MARK = "\N{EM DASH} "
_MOST_SIGNATURES = 100
_LINES = 4
"""Origin, size, root, and nothing behind the last line feed."""
_HEAD = 3
_MOST_STEPS = 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a ledger was at a size."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint with what stands under it; `content` is the file."""

    checkpoint: Checkpoint
    signatures: tuple[tuple[str, bytes, bytes], ...]
    """Name, the four bytes of the key's id, signature."""
    content: bytes

    def signed_by(self, key: PublicKey) -> bool:
        """Whether the key signed the checkpoint, and no signature under its name is false."""
        origin = self.checkpoint.origin
        mine = [s for name, id_, s in self.signatures if (name, id_) == (origin, note_key_id(origin, key))]
        text = self.checkpoint.text.encode()
        return bool(mine) and all(key.verifies(signature, text) for signature in mine)


@dataclass(frozen=True, slots=True)
class Proof:
    """Shows that `entry`, the line of the ledger, is in the tree of the note."""

    index: int
    steps: tuple[bytes, ...]
    note: Note
    entry: bytes

    @property
    def content(self) -> bytes:
        steps = "".join(f"{base64.b64encode(step).decode()}\n" for step in self.steps)
        head = f"{_PROOF}\nextra {base64.b64encode(self.entry).decode()}\nindex {self.index}\n{steps}\n"
        return head.encode() + self.note.content


def check_origin(origin: str) -> None:
    """Raises ValueError."""
    if not _ORIGIN.fullmatch(origin):
        raise ValueError("an origin is 1 to 200 visible ASCII characters without spaces or plus signs")


def note_key_id(origin: str, key: PublicKey) -> bytes:
    """The four bytes by which a note names a key."""
    if key.algorithm == ED25519:
        return hashlib.sha256(origin.encode() + b"\n\x01" + key.spki[-32:]).digest()[:4]
    return hashlib.sha256(key.spki).digest()[:4]


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[Signer]) -> Note:
    """Raises UsageError where a signer cannot."""
    text = checkpoint.text.encode()
    origin = checkpoint.origin
    made = tuple((origin, note_key_id(origin, s.public_key), s.sign(text)) for s in signers)
    lines = "".join(f"{_MARK}{name} {base64.b64encode(id_ + value).decode()}\n" for name, id_, value in made)
    return Note(checkpoint, made, text + b"\n" + lines.encode())


def parse_note(content: bytes) -> Note:
    """A signed checkpoint; no signature is checked yet. Raises ValueError."""
    if len(content) > MAX_BYTES:
        raise ValueError("too long for a checkpoint")
    text, separator, below = content.decode("utf-8").rpartition("\n\n")
    lines = f"{text}\n".split("\n")
    if not separator or len(lines) != _LINES or not below.endswith("\n"):
        raise ValueError("not a checkpoint: three lines, an empty one and signatures were expected")
    origin, size, root, _ = lines
    check_origin(origin)
    if not _NUMBER.fullmatch(size):
        raise ValueError("the size of the checkpoint is not a number")
    value = decode(root, "root")
    if len(value) != SIZE:
        raise ValueError("the root of the checkpoint has not 32 bytes")
    signatures = below.removesuffix("\n").split("\n")
    if len(signatures) > _MOST_SIGNATURES:
        raise ValueError("the checkpoint has too many signatures")
    return Note(Checkpoint(origin, int(size), value), tuple(map(_signature, signatures)), content)


def parse_proof(content: bytes) -> Proof:
    """A proof of inclusion; nothing of it is checked yet. Raises ValueError."""
    if len(content) > MAX_BYTES:
        raise ValueError("too long for a proof")
    head, separator, note = content.partition(b"\n\n")
    lines = head.decode("utf-8").split("\n")
    if not separator or len(lines) < _HEAD or lines[0] != _PROOF:
        raise ValueError(f"not a proof: it does not begin with {_PROOF}")
    (extra, entry), (index, number) = lines[1].partition(" ")[::2], lines[2].partition(" ")[::2]
    if (extra, index) != ("extra", "index") or not _NUMBER.fullmatch(number):
        raise ValueError("the proof does not hold the entry (extra) and its index")
    steps = tuple(decode(line, "step") for line in lines[_HEAD:])
    if len(steps) > _MOST_STEPS or any(len(step) != SIZE for step in steps):
        raise ValueError("a step of the proof has not 32 bytes")
    return Proof(int(number), steps, parse_note(note), decode(entry, "entry"))


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, separator, text = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not separator or not name:
        raise ValueError("a signature of the checkpoint is not one")
    value = decode(text, "signature of the checkpoint")
    return name, value[:4], value[4:]
