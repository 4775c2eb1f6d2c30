"""The bridge: the specification (``spec``) as the engines take it.

Begin with ``model``: a ``Model`` is a choice of rules and bounds, and everything is made of it.
``options`` reads rules and bounds from text. ``interned`` is the transition system with a memory,
``traced`` the specification as trees. ``search`` and ``liveness`` ask the engines, ``replay`` takes
a run once more, ``words`` and ``story`` put it into words.
"""
