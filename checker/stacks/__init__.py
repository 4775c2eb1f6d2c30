"""Tests of real stacks, made from the specification.

``machine`` computes every transition of an endpoint, ``plans`` the runs that together take them
all, ``packetdrill`` writes these as scripts, ``drive`` runs them against this machine's kernel.
"""
