"""The tree against the published vectors of RFC 6962's reference implementation, and its proofs over every small size."""

from __future__ import annotations

import pytest

from phiward.attest.tree import (
    EMPTY,
    Frontier,
    consistency_proof,
    consistent,
    frontier_of,
    included,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)

# The inputs, roots and proofs of the Certificate Transparency project's own tests (merkletree/merkle_tree_test.cc).
INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = [  # index, size, proof
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
CONSISTENCY = [  # size, later size, proof
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]
MANY = [leaf_hash(str(number).encode()) for number in range(33)]


def hashes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(root(leaves[:split]), root(leaves[split:]))


def test_published_roots():
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [root_of(LEAVES[:size]).hex() for size in range(1, 9)] == ROOTS


@pytest.mark.parametrize("index, size, proof", INCLUSION)
def test_published_inclusion_proofs(index, size, proof):
    assert inclusion_proof(LEAVES[:size], index) == hashes(proof)
    assert included(LEAVES[index], index, size, hashes(proof), root_of(LEAVES[:size]))


@pytest.mark.parametrize("size, later, proof", CONSISTENCY)
def test_published_consistency_proofs(size, later, proof):
    assert consistency_proof(LEAVES[:later], size) == hashes(proof)
    assert consistent(size, root_of(LEAVES[:size]), later, root_of(LEAVES[:later]), hashes(proof))


def test_the_frontier_gives_the_root_of_the_definition_and_the_proof_of_what_comes_next():
    frontier = Frontier()
    for size, leaf in enumerate(MANY):
        steps = frontier.proof_of_next()
        frontier.append(leaf)
        assert frontier.root() == root(MANY[: size + 1]) == root_of(MANY[: size + 1])
        assert steps == inclusion_proof(MANY[: size + 1], size)
        again = Frontier(frontier.size, frontier.hashes)
        assert again.root() == frontier.root()
    with pytest.raises(ValueError, match="one hash"):
        Frontier(3, frontier_of(MANY[:4]).hashes)


def test_every_inclusion_proof_holds_and_only_for_its_entry():
    for size in range(1, len(MANY) + 1):
        top = root_of(MANY[:size])
        for index in range(size):
            proof = inclusion_proof(MANY[:size], index)
            assert included(MANY[index], index, size, proof, top)
            assert not included(leaf_hash(b"other"), index, size, proof, top)
            assert not included(MANY[index], index, size, [*proof, top], top)
            assert size == 1 or not included(MANY[index], index, size, proof[:-1], top)
            for other in set(range(size)) - {index}:
                assert not included(MANY[index], other, size, proof, top)
        assert not included(MANY[0], size, size, [], top)
        assert not included(MANY[0], -1, size, [], top)


def test_every_consistency_proof_holds_and_only_for_its_trees():
    for later in range(1, len(MANY) + 1):
        top = root_of(MANY[:later])
        for size in range(1, later + 1):
            bottom, proof = root_of(MANY[:size]), consistency_proof(MANY[:later], size)
            assert consistent(size, bottom, later, top, proof)
            assert not consistent(size, leaf_hash(b"fork"), later, top, proof)
            assert not consistent(size, bottom, later, leaf_hash(b"fork"), proof)
            assert not consistent(size, bottom, later, top, [*proof, top])
            assert not proof or not consistent(size, bottom, later, top, proof[:-1])
    assert not consistent(0, EMPTY, 3, root_of(MANY[:3]), [])
    assert not consistent(3, root_of(MANY[:3]), 2, root_of(MANY[:2]), [])
