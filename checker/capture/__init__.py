"""Captures: files of frames (``files``), and the TCP segments in them (``segments``).

In between, ``order`` puts frames in the order of their time stamps, ``networks`` finds the IP
packet of a frame, behind ``links`` and ``tunnels``, and ``fragments`` puts packets together.

Nothing here judges. What cannot be read is reported: for a file as ``Damage``, for a frame as
``Unread`` beside the segments.
"""

from checker.capture.files import Damage, Frame
from checker.capture.order import frames
from checker.capture.segments import Packet, Unread, read

__all__ = ["Damage", "Frame", "Packet", "Unread", "frames", "read"]
