"""Claims in the order of reports: the claims, then their witnesses; by subject, too."""

from proofs.claims import (
    conduct,
    congestion,
    data,
    flow,
    forgery,
    http,
    keep_alive,
    listener,
    liveness,
    opening,
    refinement,
    rest,
    reuse,
    time_wait,
    timestamps,
    transfer,
)
from proofs.claims.claim import Claim

CLAIMS: tuple[Claim, ...] = (
    *opening.CLAIMS,
    *time_wait.CLAIMS,
    *reuse.CLAIMS,
    *data.CLAIMS,
    *forgery.CLAIMS,
    *rest.CLAIMS,
    *liveness.CLAIMS,
    *conduct.CLAIMS,
    *listener.CLAIMS,
    *keep_alive.CLAIMS,
    *timestamps.CLAIMS,
    *transfer.CLAIMS,
    *congestion.CLAIMS,
    *flow.CLAIMS,
    *refinement.CLAIMS,
    *http.CLAIMS,
    *opening.WITNESSES,
    *time_wait.WITNESSES,
    *reuse.WITNESSES,
    *data.WITNESSES,
    *forgery.WITNESSES,
    *conduct.WITNESSES,
    *rest.WITNESSES,
    *listener.WITNESSES,
    *keep_alive.WITNESSES,
    *timestamps.WITNESSES,
    *transfer.WITNESSES,
    *congestion.WITNESSES,
    *flow.WITNESSES,
    *refinement.WITNESSES,
    *http.WITNESSES,
)

BY_ID = {claim.id: claim for claim in CLAIMS}
"""The claims by identifier."""

SUBJECTS: dict[str, tuple[Claim, ...]] = {
    "Opening": (*opening.CLAIMS, *opening.WITNESSES),
    "TIME-WAIT": (*time_wait.CLAIMS, *time_wait.WITNESSES),
    "Earlier connections": (*reuse.CLAIMS, *reuse.WITNESSES),
    "Data": (*data.CLAIMS, *data.WITNESSES),
    "Forged segments": (*forgery.CLAIMS, *forgery.WITNESSES),
    "Coming to rest": (*rest.CLAIMS, *rest.WITNESSES),
    "Liveness": liveness.CLAIMS,
    "Listeners": (*listener.CLAIMS, *listener.WITNESSES),
    "Keep-alive and limits": (*keep_alive.CLAIMS, *keep_alive.WITNESSES),
    "Timestamps": (*timestamps.CLAIMS, *timestamps.WITNESSES),
    "Windows and text": (
        *transfer.CLAIMS,
        *flow.CLAIMS,
        *transfer.WITNESSES,
        *flow.WITNESSES,
    ),
    "Congestion": (*congestion.CLAIMS, *congestion.WITNESSES),
    "Refinement": (*refinement.CLAIMS, *refinement.WITNESSES),
    "HTTP": (*http.CLAIMS, *http.WITNESSES),
    "Conduct": (*conduct.CLAIMS, *conduct.WITNESSES),
}
"""What the claims are about, each subject with its claims and their witnesses."""


def full_title(claim: Claim) -> str:
    """The claim's title; one that only continues another's comes with that one's."""
    if not claim.title.startswith("..."):
        return claim.title
    return f"{BY_ID[claim.id.partition('.')[0]].title} {claim.title}"


def titled(id: str, otherwise: str) -> str:
    """The full title of the claim of that identifier; of what is no claim, what it is called."""
    return full_title(BY_ID[id]) if id in BY_ID else otherwise


def of_profile(name: str) -> list[str]:
    """The claims that are explored in a profile, by subject."""
    return [claim.id for some in SUBJECTS.values() for claim in some if claim.profile == name]


def witnesses(claim: Claim) -> tuple[Claim, ...]:
    """The claims that show that it is not vacuous."""
    return tuple(BY_ID[id] for id in claim.witnesses)
