"""A composition as a text for other checkers: Promela, TLA+ and SMT-LIB."""
