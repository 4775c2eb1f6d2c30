"""Listeners: what became of the SYNs that each port got, as far as a capture shows it.

``conform`` follows connections; this room counts requests. It needs one pass and little memory, so
that a capture of a flood can be asked: a flood has many SYNs, and no connection.
"""
