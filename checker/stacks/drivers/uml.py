"""Linux 6.1, as a process: Debian's User-Mode Linux, which serves its sockets by lines.

``serve.py`` runs in it. Its file system is the host's, so that the same Python is there. A machine
that has booted serves one endpoint after the other.

User-Mode Linux 6.1 asks for the processor's extended state by ptrace, and fails where that is
longer than it expects (AMX). So ptrace refuses it here, and User-Mode Linux takes what every
processor has; then programs in it must not use AVX.
"""

import ctypes
import os
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from checker.stacks.drivers import peers
from checker.stacks.drivers.kernel import KERNEL
from checker.stacks.drivers.lines import Lasting

PROGRAM = "linux.uml"
MODULES = Path("/usr/lib/uml/modules")
_EXTENDED = ("AVX", "AVX2", "AVX2_Usable", "AVX512F", "AVX512VL", "AVX512BW", "AVX512DQ",
             "AVX512CD", "EVEX", "AVX_Fast_Unaligned_Load", "ERMS", "XSAVEC", "XSAVE")  # fmt: skip
_NO_AVX = "GLIBC_TUNABLES=glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in _EXTENDED)


@dataclass(frozen=True)
class UmlDriver(Lasting):
    """The kernel of Debian's user-mode-linux."""

    real_time: ClassVar[bool] = True

    def missing(self) -> str:
        """The kernel, and what loads its module."""
        lacking = peers.lacking(PROGRAM, "insmod")
        if lacking:
            return f"needs {' and '.join(lacking)}: apt-get install user-mode-linux kmod"
        return "" if os.geteuid() == 0 else "needs root, to load a module in its own machine"

    def version(self) -> str:
        """The kernel's, by the folder of its modules."""
        return max((path.name for path in MODULES.glob("*")), default="")

    def command(self) -> list[str]:
        """The machine; ``main`` below keeps ptrace from the extended state."""
        top = Path(__file__).parents[3]
        kernel = ["mem=192M", "root=/dev/root", "rootfstype=hostfs", "rw", "quiet", "loglevel=0"]
        console = ["con=null", "con0=fd:0,fd:1"]
        inside = [_NO_AVX, f"PYTHON={sys.executable}", f"PYTHONPATH={top}"]
        init = ["init=/bin/sh", "--", str(peers.SOURCES / "uml.sh")]
        this = [sys.executable, "-c", "from checker.stacks.drivers import uml; uml.main()"]
        return [*this, PROGRAM, *kernel, *console, *inside, *init]


UML = UmlDriver(
    name="linux-6.1",
    needs="root, Debian's user-mode-linux and kmod",
    can=KERNEL.can,
    times=KERNEL.times._replace(quiet=0.02, after=0.01),
    unit=0.001,
)


# In the child, before it is the machine

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_PTRACE, _GET, _SET = 101, 0x4204, 0x4205
_EIO, _ALLOW = 0x00050005, 0x7FFF0000


def main() -> None:
    """Have ptrace refuse register sets, and become the program of the arguments."""
    steps = (
        (_LOAD, 0, 0, 0),  # which system call
        (_EQUAL, 0, 4, _PTRACE),
        (_LOAD, 0, 0, 16),  # its first argument
        (_EQUAL, 1, 0, _GET),
        (_EQUAL, 0, 1, _SET),
        (_RETURN, 0, 0, _EIO),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(_SECCOMP, _FILTER, program, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
    os.execvp(sys.argv[1], sys.argv[1:])
