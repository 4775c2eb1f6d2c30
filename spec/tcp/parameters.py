"""What a TCP endpoint is set up with: the sizes and times that its rules read.

The RFC leaves these to the implementation. An exploration chooses them among its bounds
(``spec.world.bounds``), of which a rule sees no more than this.
"""

from typing import Protocol


class Parameters(Protocol):
    """Times are in ticks, windows in octets."""

    @property
    def width(self) -> int:
        """Bits of a sequence number (section 3.4)."""

    @property
    def window(self) -> int:
        """The receive buffer (section 3.8.6)."""

    @property
    def octets(self) -> int:
        """The most octets that SEND is given on one connection."""

    @property
    def packed(self) -> bool:
        """Does a segment take all the text that fits, and FIN with it, or one octet?"""

    @property
    def send_window(self) -> bool:
        """Are SND.WND, SND.WL1 and SND.WL2 kept? Only the sending of text reads them."""

    @property
    def mss(self) -> int:
        """The most octets that a segment may have (section 3.7.1); read by data planes only."""

    @property
    def place(self) -> int:
        """How many octets of text ahead of RCV.NXT are held together, or not at all (SHLD-31)."""

    @property
    def sack(self) -> bool:
        """Was selective acknowledgment agreed upon (RFC 2018 2)?"""

    @property
    def shift(self) -> int:
        """By how many bits windows are scaled (RFC 7323 2)."""

    @property
    def write(self) -> int:
        """How many octets SEND is given at once."""

    @property
    def read(self) -> int:
        """How many octets RECEIVE takes at most; 0: all that there are."""

    @property
    def initial_window(self) -> int:
        """Segments of the initial window (RFC 5681 3.1)."""

    @property
    def clamp(self) -> int:
        """The most that cwnd is let grow to."""

    @property
    def msl(self) -> int:
        """Maximum segment lifetime (section 3.4.3); 0: there is no time."""

    @property
    def stamps(self) -> int:
        """How many values a timestamp clock has (RFC 7323); 0: hosts do not use timestamps."""

    @property
    def stamps_wrap(self) -> bool:
        """Does that clock begin again after its last value, or stop there?"""

    @property
    def recent_life(self) -> int:
        """Ticks for which TS.Recent is valid if nothing moves it (RFC 7323 5.5); 0: for ever."""

    @property
    def backlog(self) -> int:
        """How many requests a listener keeps; and one more connection than that waits for
        accept()."""

    @property
    def synack_retries(self) -> int:
        """How often a listener sends a SYN,ACK again before it forgets the request."""

    @property
    def secret(self) -> int:
        """What a SYN cookie is of one pair of sockets, before the IRS and the minute go in."""

    @property
    def cookie_life(self) -> int:
        """For how many values of its clock a SYN cookie is valid, that of its sending included."""

    @property
    def cookie_memory(self) -> int:
        """Ticks for which a cookie that was taken is remembered; 0: for ever."""

    @property
    def keep_alive_idle(self) -> int:
        """Ticks for which nothing was heard before the first probe (section 3.8.4, MUST-27); 0:
        any time."""

    @property
    def keep_alive_interval(self) -> int:
        """... and from one probe to the next."""

    @property
    def keep_alive_probes(self) -> int:
        """Probes without an answer after which a connection is given up (MUST-29)."""

    @property
    def span(self) -> int:
        """R: how long a segment is retransmitted (section 3.8.3, MUST-20)."""
