"""The checkers: one specification, many readings of it.

``core`` traces the specification, ``engines`` explore and solve, ``render`` draws; they know no
TCP. The modules beside them, the keystones, bring ``spec`` and ``proofs`` together with them.
"""
