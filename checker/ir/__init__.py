"""The traced specification: expressions, decision trees, and the plain interpreter.

``nodes`` is the expression language. ``tracing`` turns ordinary Python into a decision tree over it
by running it on symbolic values. ``schema`` lays records out as variables, ``interpret`` evaluates
a tree on plain values, and ``composition`` joins components, each with its trees, by links.
``mutate`` and ``sources`` are about the source itself: mutants of it, and a digest. Nothing here
knows TCP.
"""
