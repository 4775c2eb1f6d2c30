"""The checkers: one specification, many readings of it.

From low to high: ``support``; ``ir`` traces the specification; ``engines`` explore and solve,
``exports`` write for other checkers, ``render`` draws. These know no TCP. ``capture`` reads TCP
segments from files. ``model`` joins the machinery with ``spec`` and ``proofs``. Above it
``stacks``, ``studies``, ``conform`` and ``narrate`` do the work of the commands, and ``cli`` takes
their arguments.
"""

__version__ = "0.1.0"
