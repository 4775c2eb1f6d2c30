"""What drives a stack through a plan, and reads what it does: ``DRIVERS``, by the stack's name."""

from checker.stacks.drivers.gvisor import GVISOR
from checker.stacks.drivers.kernel import KERNEL
from checker.stacks.drivers.lwip import LWIP
from checker.stacks.drivers.packages import PYTCP, SMOLTCP
from checker.stacks.drivers.slirp import SLIRP
from checker.stacks.drivers.stack import Driver
from checker.stacks.drivers.uml import UML

DRIVERS: dict[str, Driver] = {
    driver.name: driver for driver in (KERNEL, LWIP, GVISOR, SLIRP, UML, PYTCP, SMOLTCP)
}
