"""The traced specification: expressions, decision trees, and the plain interpreter.

``ir`` is the expression language, ``trace`` turns ordinary Python into a decision tree over it
by running it on symbolic values, ``schema`` lays records out as variables, ``interpret``
evaluates a tree on plain values. Nothing here knows TCP.
"""
