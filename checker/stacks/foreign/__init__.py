"""What other projects' tests say of TCP, read as facts.

``script`` reads packetdrill, and ``terms`` what a script sets up; ``walk`` makes facts of it with a
``host`` of the specification, as ``learned`` does of learned machines, and ``answers`` compares.
``facts`` has them as a table, and ``page`` for readers. ``sources`` names the projects; what is
known of their stacks from there only is in ``linux_data``, ``edges`` and ``old``.
"""
