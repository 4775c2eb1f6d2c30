"""Signs of SYN cookies (RFC 4987, 3.6) in what a listener answers.

No segment says that its number is a cookie. That nothing was kept shows later, when a SYN,ACK is
not sent again (``Listener.silent``). The signs here are of two more kinds. Both are of Linux
(``net/ipv4/syncookies.c``); other stacks may make cookies otherwise.

* ISS - IRS is a hash of the sockets and of the minute. So two SYNs of the same sockets within a
  minute get the same ISS - IRS. An ISS of RFC 6528 follows a clock, and not the IRS.
* A cookie without timestamps has no room for window scale and SACK, so that they are left out.

The MSS that a cookie has room for is the client's: it is in no SYN,ACK.
"""

from dataclasses import dataclass
from typing import Any

from checker.capture.stamps import TIMESTAMPS

SCALE, SACK = 3, 4
"""Kinds of options."""
_MASK = (1 << 32) - 1


@dataclass(slots=True)
class Signs:
    """For and against; each counts SYN,ACKs."""

    same: int = 0  # ISS - IRS is that of the SYN of the same sockets before
    other: int = 0  # ... is another
    changed: int = 0  # another ISS for the same SYN: the first was forgotten, or never kept
    stripped: int = 0  # no timestamps, and neither window scale nor SACK, which were offered
    granted: int = 0  # no timestamps, and one of them

    def again(self, irs: int, iss: int, new_irs: int, new_iss: int) -> None:
        """Two answers to SYNs of the same sockets."""
        if irs == new_irs:
            self.changed += iss != new_iss
        elif (new_iss - iss - new_irs + irs) & _MASK == 0:
            self.same += 1
        else:
            self.other += 1

    def options(self, offered: dict[int, bytes], got: dict[int, bytes]) -> None:
        """What a SYN offered, and what its SYN,ACK has."""
        if TIMESTAMPS not in got and (SCALE in offered or SACK in offered):
            left_out = SCALE not in got and SACK not in got
            self.stripped += left_out
            self.granted += not left_out

    @property
    def hashed(self) -> bool:
        """Do the numbers follow the IRS, as a cookie's do?

        Once may be by chance, where both ends' ISNs follow the same clock.
        """
        return self.same > 1

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "isn_follows_irs": self.same,
            "isn_does_not": self.other,
            "isn_changed": self.changed,
            "options_left_out": self.stripped,
            "options_granted": self.granted,
        }
