"""The command line: ``python -m checker COMMAND``.

Results go to stdout, progress and problems to stderr. Exit codes: 0 every claim met its
expected verdict; 1 a violation or an unexpected verdict; 2 usage; 3 inconclusive: a limit hit,
an unknown, nothing checked, interrupted; 4 internal error or missing tool.
"""

from checker.cli.app import main

if __name__ == "__main__":
    main()
