"""``python -m proofs.recheck [DIR]``: see ``proofs.recheck.check``."""

import sys

from proofs.recheck.check import main

if __name__ == "__main__":
    sys.exit(main())
