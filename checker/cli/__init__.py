"""What a terminal or a log is shown: ``progress`` on stderr, ``tables`` of results on stdout."""
