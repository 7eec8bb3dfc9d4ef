"""Where references are at home: murmur2 as the Java client has it."""

import itertools


def murmur2(data):
    """The hash, as an unsigned number."""
    mask, factor = 0xFFFFFFFF, 0x5BD1E995
    value = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * factor & mask
        word = (word ^ word >> 24) * factor & mask
        value = value * factor & mask ^ word
    if rest := data[whole:]:
        value = (value ^ int.from_bytes(rest, "little")) * factor & mask
    value = (value ^ value >> 13) * factor & mask
    return value ^ value >> 15


def home(reference, partitions):
    """The partition in which commands for a reference belong."""
    return (murmur2(reference.upper().encode()) & 0x7FFFFFFF) % partitions


def references(prefix, partitions, of):
    """Endless references that are at home in one of these partitions."""
    names = (f"{prefix}-{number}" for number in itertools.count())
    return (name for name in names if home(name, partitions) in of)
