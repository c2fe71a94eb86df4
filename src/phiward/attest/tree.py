"""The Merkle tree of RFC 6962, section 2.1: what makes a list of entries provably append-only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").digest()
SIZE = 32


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    """The roots of the perfect subtrees that a tree consists of, largest first: all that its growth needs to know."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if len(hashes) != size.bit_count():
            raise ValueError("a frontier has one hash for each bit of its size")
        self.size = size
        self.hashes = [*hashes]

    def append(self, leaf: bytes) -> None:
        size = self.size
        while size & 1:
            leaf = node_hash(self.hashes.pop(), leaf)
            size >>= 1
        self.hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY
        *rest, root = self.hashes
        for left in reversed(rest):
            root = node_hash(left, root)
        return root

    def copy(self) -> Frontier:
        return Frontier(self.size, self.hashes)

    def proof_of_next(self) -> list[bytes]:
        """The inclusion proof that the next entry will have in the tree that ends with it."""
        return self.hashes[::-1]


def frontier_of(leaves: Sequence[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over the hashes of the entries."""
    return frontier_of(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Shows that an entry is in the tree; from its sibling up."""
    if len(leaves) <= 1:
        return []
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if index < split:
        return [*inclusion_proof(left, index), root_of(right)]
    return [*inclusion_proof(right, index - split), root_of(left)]


def consistency_proof(leaves: Sequence[bytes], size: int) -> list[bytes]:
    """Shows that the tree of the first entries, at least one, is the beginning of the tree of all of them."""
    return _subproof(leaves, size, whole=True)


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that an entry is in a tree."""
    if not 0 <= index < size:
        return False
    inner = (index ^ (size - 1)).bit_length()
    if len(proof) != inner + (index >> inner).bit_count():
        return False
    return _climb(leaf, proof, inner, index) == root


def consistent(size: int, root: bytes, later_size: int, later_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that one tree is the beginning of a later one."""
    if not 0 < size <= later_size:
        return False
    if size == later_size:
        return not proof and root == later_root
    shift = (size & -size).bit_length() - 1
    perfect = size == 1 << shift
    steps = proof if perfect else proof[1:]
    if not perfect and not proof:
        return False
    start = root if perfect else proof[0]
    inner = ((size - 1) ^ (later_size - 1)).bit_length() - shift
    index = (size - 1) >> shift
    if len(steps) != inner + (index >> inner).bit_count():
        return False
    old = start
    for level, step in enumerate(steps):
        if level >= inner or index >> level & 1:
            old = node_hash(step, old)
    return old == root and _climb(start, steps, inner, index) == later_root


def _climb(found: bytes, steps: Sequence[bytes], inner: int, index: int) -> bytes:
    """The root above a node: below `inner` its index says on which side a sibling is, from there it is on the left."""
    for level, step in enumerate(steps):
        left = level >= inner or index >> level & 1
        found = node_hash(step, found) if left else node_hash(found, step)
    return found


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


def _subproof(leaves: Sequence[bytes], size: int, *, whole: bool) -> list[bytes]:
    if size == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = _split(len(leaves))
    if size <= split:
        return [*_subproof(leaves[:split], size, whole=whole), root_of(leaves[split:])]
    return [*_subproof(leaves[split:], size - split, whole=False), root_of(leaves[:split])]
