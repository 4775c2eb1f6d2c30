"""What other projects' tests say of TCP, read as facts.

``script`` reads packetdrill, ``walk`` makes facts of it with a ``host`` of the specification,
``facts`` has them as a table, and ``page`` for readers. ``sources`` names the projects.
"""
