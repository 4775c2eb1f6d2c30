"""The command line: a file for each command, which reads its options, calls a study and prints.

``app`` puts the commands together; ``options`` has what several of them take; ``progress`` is what
is told on stderr meanwhile.
"""
