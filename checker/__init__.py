"""The checkers: one specification, many readings of it.

From low to high: ``support``; ``ir`` traces the specification; ``engines`` explore and solve,
``exports`` write for other checkers, ``render`` draws, ``capture`` reads captures. These know no
TCP. ``model`` joins them with ``spec`` and ``proofs``. Above it ``studies``, ``conform``,
``stacks`` and ``narrate`` do the work of the commands, and ``cli`` takes their arguments.
"""
