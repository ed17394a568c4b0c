"""The tree hashes as RFC 9162 says: published vectors, and a naive reading of the RFC's definitions."""

from collections.abc import Iterator
from hashlib import sha256

import pytest

from services.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    extends,
    includes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    over,
    tree,
)

# The eight leaves that Certificate Transparency implementations have tested with since RFC 6962, the hashes
# of every complete subtree and of the tree after each leaf, as published in transparency-dev/merkle.
LONGEST = "606162636465666768696a6b6c6d6e6f"
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", LONGEST]
NODES = {
    (0, 1): "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    (1, 2): "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    (2, 3): "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    (3, 4): "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    (4, 5): "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    (5, 6): "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
    (6, 7): "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    (7, 8): "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
    (0, 2): "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    (2, 4): "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    (4, 6): "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    (6, 8): "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    (0, 4): "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    (4, 8): "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    (0, 8): "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 2): [(1, 2)],
    (1, 2): [(0, 1)],
    (2, 3): [(0, 2)],
    (1, 5): [(0, 1), (2, 4), (4, 5)],
    (0, 8): [(1, 2), (2, 4), (4, 8)],
    (5, 8): [(4, 5), (6, 8), (0, 4)],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [(1, 2), (2, 4), (4, 8)],
    (2, 5): [(2, 4), (4, 5)],
    (6, 7): [(4, 6), (6, 7), (0, 4)],
    (6, 8): [(4, 6), (6, 8), (0, 4)],
}
LEAVES = [leaf_hash(bytes.fromhex(data)) for data in INPUTS]


def test_the_published_root_comes_after_each_leaf() -> None:
    frontier, roots = Frontier(), [EMPTY_ROOT.hex()]

    for leaf in LEAVES:
        frontier = frontier.append(leaf)
        roots.append(frontier.root.hex())

    assert roots == ROOTS


def test_every_complete_subtree_has_its_published_hash() -> None:
    subtree = over(LEAVES)

    assert {span: subtree(*span).hex() for span in NODES} == NODES


PEAKS = [(5, [(0, 4), (4, 5)]), (7, [(0, 4), (4, 6), (6, 7)]), (8, [(0, 8)])]


@pytest.mark.parametrize(("size", "spans"), PEAKS)
def test_the_frontier_is_the_published_compact_tree(size: int, spans: list[tuple[int, int]]) -> None:
    assert [peak.hex() for peak in tree(LEAVES[:size]).peaks] == [NODES[span] for span in spans]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_an_inclusion_proof_is_the_published_one(index: int, size: int) -> None:
    proof = inclusion_proof(index, size, over(LEAVES[:size]))

    assert [node.hex() for node in proof] == [NODES[span] for span in INCLUSION[index, size]]
    assert includes(bytes.fromhex(ROOTS[size]), size, index, LEAVES[index], proof)


@pytest.mark.parametrize(("old", "size"), CONSISTENCY)
def test_a_consistency_proof_is_the_published_one(old: int, size: int) -> None:
    proof = consistency_proof(old, size, over(LEAVES[:size]))

    assert [node.hex() for node in proof] == [NODES[span] for span in CONSISTENCY[old, size]]
    assert extends(bytes.fromhex(ROOTS[old]), old, bytes.fromhex(ROOTS[size]), size, proof)


# Digests over every subtree of a tree of 130 leaves (one byte each: 00, 01, ...) and over every inclusion
# proof in them, as published in the appendix "Subtree Test Vectors" of draft-ietf-plants-merkle-tree-certs.
ONE_BYTE_LEAVES = [leaf_hash(bytes([n])) for n in range(130)]


def subtrees_of(size: int) -> Iterator[tuple[int, int]]:
    """Every range of leaves that the draft calls a subtree, in its order."""
    for end in range(size + 1):
        for start in range(end + 1):
            width = end - start
            if start == 0 or width == 0 or start % (1 << (width - 1).bit_length()) == 0:
                yield start, end


def test_all_subtrees_of_130_leaves_hash_to_the_published_digest() -> None:
    lines = [f"[{a}, {b}) {tree(ONE_BYTE_LEAVES[a:b]).root.hex()}\n" for a, b in subtrees_of(130)]

    digest = sha256("".join(lines).encode()).hexdigest()
    assert digest == "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81"


def test_all_inclusion_proofs_in_130_leaves_hash_to_the_published_digest() -> None:
    lines = []
    for start, end in subtrees_of(130):
        subtree = over(ONE_BYTE_LEAVES[start:end])
        for index in range(start, end):
            proof = inclusion_proof(index - start, end - start, subtree)
            lines.append(" ".join([f"{index} [{start}, {end})", *(node.hex() for node in proof)]) + "\n")

    digest = sha256("".join(lines).encode()).hexdigest()
    assert digest == "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f"


def mth(leaves: list[bytes]) -> bytes:
    """The RFC's own recursion (section 2.1.1), word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = max(2**i for i in range(len(leaves)) if 2**i < len(leaves))
    return node_hash(mth(leaves[:k]), mth(leaves[k:]))


SIZES = range(1, 34)
MANY = [leaf_hash(n.to_bytes(2, "big")) for n in range(max(SIZES))]


@pytest.mark.parametrize("size", [0, *SIZES])
def test_the_root_is_that_of_the_recursive_definition(size: int) -> None:
    frontier = tree(MANY[:size])

    assert frontier.root == mth(MANY[:size])
    assert frontier.size == size
    assert len(frontier.peaks) == size.bit_count()


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_is_proven_and_nothing_else_is(size: int) -> None:
    root, subtree = mth(MANY[:size]), over(MANY[:size])

    for index in range(size):
        proof = inclusion_proof(index, size, subtree)
        assert includes(root, size, index, MANY[index], proof)
        assert not includes(root, size, index, leaf_hash(b"another"), proof)
        assert not includes(leaf_hash(b"another"), size, index, MANY[index], proof)
        elsewhere = [other for other in range(-1, size) if other != index]
        assert not any(includes(root, size, other, MANY[index], proof) for other in elsewhere)
        assert not any(includes(root, size, index, MANY[index], wrong) for wrong in spoilt(proof))


@pytest.mark.parametrize("size", SIZES)
def test_every_older_tree_is_proven_and_nothing_else_is(size: int) -> None:
    root, subtree = mth(MANY[:size]), over(MANY[:size])

    for old in range(1, size + 1):
        old_root, proof = mth(MANY[:old]), consistency_proof(old, size, subtree)
        assert extends(old_root, old, root, size, proof)
        assert not extends(leaf_hash(b"another"), old, root, size, proof)
        assert not extends(old_root, old, leaf_hash(b"another"), size, proof)
        assert old == size or not extends(root, old, old_root, size, proof)
        others = [other for other in range(size + 2) if other != old]
        assert not any(extends(old_root, other, root, size, proof) for other in others)
        assert not any(extends(old_root, old, root, size, wrong) for wrong in spoilt(proof))


def spoilt(proof: list[bytes]) -> Iterator[list[bytes]]:
    """Proofs that differ from this one a little: a bit turned, a hash more or less, another order."""
    noise = leaf_hash(b"noise")
    yield [noise, *proof]
    yield [*proof, noise]
    for at, node in enumerate(proof):
        yield [*proof[:at], bytes([node[0] ^ 16]) + node[1:], *proof[at + 1 :]]
        yield proof[:at] + proof[at + 1 :]
    if len(proof) > 1:
        yield proof[::-1]


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0)])
def test_no_proof_is_made_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"no leaf"):
        inclusion_proof(index, size, over(MANY))


@pytest.mark.parametrize(("old", "size"), [(0, 1), (2, 1)])
def test_no_proof_is_made_of_a_tree_that_is_no_beginning(old: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"does not extend"):
        consistency_proof(old, size, over(MANY))


def test_hashes_of_another_length_prove_nothing() -> None:
    left, right = MANY[:2]
    shifted = (left + right)[:31], (left + right)[31:]

    assert not includes(tree(MANY[:2]).root, 2, 0, shifted[0], [shifted[1]])
    assert not includes(b"", 1, 0, b"", [])


def test_a_node_cannot_pass_for_a_leaf() -> None:
    left, right = MANY[:2]

    assert leaf_hash(left + right) != node_hash(left, right)
