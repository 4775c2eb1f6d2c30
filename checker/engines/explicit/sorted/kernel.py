"""The compiled loops of the sorted engine: ascending keys coded, decoded and compared.

A key is coded as its difference from the one before: seven bits of it in each octet, the lowest
first, and an eighth that says whether more follow. The first key of each *block* of ``BLOCK`` keys
is coded whole, so that decoding can begin there.
"""

from checker.engines.explicit.native.compiling import compiled
from checker.engines.explicit.native.kernel import ONE, U8, ZERO

BLOCK = U8(512)
SEVEN, MORE, LOW7 = U8(7), U8(128), U8(127)


@compiled
def encode(keys, octets, heads, at):
    """Code ascending keys; ``heads`` and ``at`` get each block's first key, and where it begins.
    How many octets it takes."""
    n, block = ZERO, ZERO
    i, size = ZERO, U8(keys.size)
    while i < size:
        before = ZERO
        heads[block], at[block] = keys[i], n
        block += ONE
        end = min(size, i + BLOCK)
        while i < end:
            key = keys[i]
            i += ONE
            word = key - before
            before = key
            while word >= MORE:
                octets[n] = (word & LOW7) | MORE
                word >>= SEVEN
                n += ONE
            octets[n] = word
            n += ONE
    return n


@compiled
def decode(octets, keys):
    """Write as many keys as there is room for; the octets begin with a block."""
    n = ZERO
    i, size = ZERO, U8(keys.size)
    while i < size:
        key = ZERO
        end = min(size, i + BLOCK)
        while i < end:
            octet = U8(octets[n])
            n += ONE
            word, shift = octet & LOW7, SEVEN
            while octet >= MORE:
                octet = U8(octets[n])
                n += ONE
                word |= (octet & LOW7) << shift
                shift += SEVEN
            key += word
            keys[i] = key
            i += ONE


@compiled
def once(keys):
    """Keep each of the ascending keys once; how many there are."""
    kept, i, size = ZERO, ZERO, U8(keys.size)
    while i < size:
        key = keys[i]
        i += ONE
        keys[kept] = key
        # Without a branch: who knows whether the next is the same?
        kept += ONE if i == size or keys[i] != key else ZERO
    return kept


@compiled
def strike(keys, n, known):
    """Take those out of the first ``n`` ascending keys that are among the ascending ``known``; how
    many are left."""
    kept, i, j, size = ZERO, ZERO, ZERO, U8(known.size)
    while i < n and j < size:
        key, have = keys[i], known[j]
        keys[kept] = key
        kept += ONE if key < have else ZERO
        i += ONE if key <= have else ZERO
        j += ONE if have <= key else ZERO
    while i < n:
        keys[kept] = keys[i]
        kept += ONE
        i += ONE
    return kept
