"""Octets from captures, made safe to print on a terminal."""

LONGEST = 200


def printable(octets: bytes) -> str:
    """Printable ASCII as it is, all else as ``\\xNN``; what is too long ends in dots."""
    text = "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in octets[:LONGEST])
    return text + ("..." if len(octets) > LONGEST else "")
