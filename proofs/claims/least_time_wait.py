"""What is asked of the length of TIME-WAIT: which claims, and in which circumstances.

``checker.studies.least_time_wait`` looks for the least length that is safe in each of them.
"""

from proofs.claims.table import BY_ID
from spec.rules import Restart

ASKED_OF = (BY_ID["T3"], BY_ID["T4"])
"""The claims that need a TIME-WAIT long enough."""
GRACEFUL, EVERY = CLOSES = ("graceful", "every")
"""How connections may end: by CLOSE, or by ABORT too."""
RESTARTS = (Restart.EMISSION, Restart.FIN, Restart.NEVER)
"""What restarts the timer."""
MSLS, SPANS = (1, 2), (1, 2, 3)
"""MSL and R, in ticks."""
