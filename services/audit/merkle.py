"""The Merkle tree of the log, as RFC 9162 section 2.1 defines it (SHA-256). No I/O.

Hashes are 32 bytes; those of leaves and of nodes start from different first bytes, so that neither passes
for the other. A tree of n leaves is known by its `Frontier`: the roots of the perfect subtrees that n is the
sum of, largest first. It is enough to append and to know the root, in O(log n) time and space. Proofs ask for
the roots of ranges of leaves through `Subtrees`, wherever those are kept.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import TypeAlias

EMPTY_ROOT = sha256().digest()
"""The root of a tree without leaves."""

Subtrees: TypeAlias = Callable[[int, int], bytes]
"""The root of the leaves from `start` up to, not including, `end`."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree of `size` leaves; `peaks` are the roots of its perfect subtrees, largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> "Frontier":
        """The tree with one more leaf, given by its hash."""
        peaks, size = list(self.peaks), self.size
        while size & 1:
            leaf, size = node_hash(peaks.pop(), leaf), size >> 1
        return Frontier(self.size + 1, (*peaks, leaf))

    @property
    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.peaks:
            return EMPTY_ROOT
        *rest, root = self.peaks
        for peak in reversed(rest):
            root = node_hash(peak, root)
        return root


def tree(leaves: Iterable[bytes]) -> Frontier:
    """The tree of these leaf hashes, in this order."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier


def over(leaves: Sequence[bytes]) -> Subtrees:
    """Subtree roots computed from all leaf hashes, each at most once."""

    @cache
    def subtree(start: int, end: int) -> bytes:
        if end - start == 1:
            return leaves[start]
        middle = start + _split(end - start)
        return node_hash(subtree(start, middle), subtree(middle, end))

    return subtree


def inclusion_proof(index: int, size: int, subtree: Subtrees) -> list[bytes]:
    """The path that proves leaf `index` to be in the tree of `size` leaves (section 2.1.3.1), leaf to root.

    Raises ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, size: int, subtree: Subtrees) -> list[bytes]:
    """The hashes that prove that the tree of `size` leaves begins with that of `old` (section 2.1.4.1).

    Raises ValueError unless 0 < old <= size.
    """
    if not 0 < old <= size:
        raise ValueError(f"a tree of {size} does not extend a tree of {old}")
    proof: list[bytes] = []
    start, end = 0, size
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(subtree(middle, end))
            end = middle
        else:
            proof.append(subtree(start, middle))
            start = middle
    if start:
        proof.append(subtree(start, end))
    return proof[::-1]


def includes(root: bytes, size: int, index: int, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the path proves this leaf hash to be at `index` of the tree (section 2.1.3.2)."""
    if not 0 <= index < size or not _all_hashes(leaf, *proof):
        return False
    position, last, path = index, size - 1, list(proof)
    while last and path:
        leaf, position, last = _climb(leaf, path.pop(0), position, last)
    return not last and not path and leaf == root


def extends(old_root: bytes, old: int, root: bytes, size: int, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of `size` leaves begins with that of `old` (section 2.1.4.2)."""
    if old == size > 0:
        return not proof and old_root == root
    if not 0 < old < size or not _all_hashes(old_root, *proof):
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if len(path) < 2:
        return False
    position, last = old - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    before = after = path.pop(0)
    while last and path:
        if position & 1 or position == last:
            before = node_hash(path[0], before)
        after, position, last = _climb(after, path.pop(0), position, last)
    return not last and not path and before == old_root and after == root


def _climb(node: bytes, other: bytes, position: int, last: int) -> tuple[bytes, int, int]:
    """Joins a node with the next hash of its path; gives their parent, its position and the last one there.

    On the right edge levels where the node has no sibling are passed over.
    """
    if not (position & 1 or position == last):
        return node_hash(node, other), position >> 1, last >> 1
    while not position & 1 and position:
        position, last = position >> 1, last >> 1
    return node_hash(other, node), position >> 1, last >> 1


def _all_hashes(*values: bytes) -> bool:
    """Whether each is 32 bytes long: two others could join to the same 64 bytes as a true pair."""
    return all(len(value) == len(EMPTY_ROOT) for value in values)


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)
