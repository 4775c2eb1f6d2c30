"""Liveness under fairness: ``question`` has the theory, ``reference`` decides on a networkx graph,
``native`` on arrays, and ``lasso`` finds the counterexample for both."""
