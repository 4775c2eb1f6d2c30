"""What is claimed of TCP: by subject in a file each, put in order by ``table``."""

from proofs.claims.claim import Claim, Live
from proofs.claims.table import BY_ID, CLAIMS

__all__ = ["BY_ID", "CLAIMS", "Claim", "Live"]
