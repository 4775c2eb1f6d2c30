"""What has to be true of the specification, and what has to break without its rules.

``claims`` is the table of claims, ``properties`` the predicates they name, ``ablations`` the
mechanisms that are removed one at a time with the claim that must fall, and ``expected.toml``
pins what the checker found: verdicts, counts of states and transitions, lengths of traces.
A claim is a plain function of a plain state; nothing here knows how it is checked.
"""
