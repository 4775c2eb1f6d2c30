"""What has happened in a run that violates a claim, for who sees such a run.

A claim says what never happens, or what happens in the end; its counterexample shows the contrary.
A claim that only adds to another (``T4.abort``) fails as that one does, if nothing else is said.
"""

FAILURES = {
    "T1": "an end is ESTABLISHED without three-way agreement",
    "T1s": "a simultaneous open ended without agreement",
    "T2": "a stale SYN got past the third handshake",
    "T2.gone": "a TCB made from a stale SYN stays",
    "T3": "TIME-WAIT was left with a segment of its connection in flight",
    "T4": "an end accepted a segment of a connection that was over",
    "T4.octet": "an octet of a connection that was over was delivered",
    "T4.open": "an end is left open to a peer that an old segment ended",
    "T4.sync": "two ends disagree for ever on what was sent",
    "T5": "an end that was ESTABLISHED accepted a segment of an earlier connection",
    "T5.reset": "an end that was ESTABLISHED believed a reset that an earlier TCB provoked",
    "T5s": "an end that had opened simultaneously accepted a segment of an earlier connection",
    "T6": "an old SYN reopened a connection from TIME-WAIT, or an old segment got into it",
    "T7": "an end accepted what its peer had sent before it crashed",
    "T7.self": "a host that restarted accepted a reset that it had provoked before its crash",
    "T9": "an octet was delivered twice, out of order, or from another incarnation",
    "T10": "a forged segment that missed changed a connection",
    "S1": "a listener's queue is longer than it may be",
    "S2": "the client's SYN never gets through",
    "S3": "the client's SYN never gets through",
    "S4": "a listener that sends cookies keeps a request",
    "S5": "the server is ESTABLISHED with nobody who agrees",
    "S5i": "the server made two TCBs of one of the client's",
    "S5d": "an octet was delivered again, by another connection",
    "S7": "a client is ESTABLISHED alone",
    "S8": "a client is ESTABLISHED alone",
    "S9": "a client is ESTABLISHED alone",
    "S10": "a client is ESTABLISHED alone",
    "S14": "a client is ESTABLISHED alone",
    "S15": "a forged segment that missed removed a request",
    "S16": "the text of a SYN was delivered again",
    "K1": "a half-open connection lasts, though keep-alive is on",
    "K1.close": "a close never ends, though keep-alive is on",
    "K1.client": "a client is ESTABLISHED alone, though keep-alive is on",
    "K1.time": "an end is there although it has heard nothing for so long",
    "K2": "keep-alive gave up a connection whose peer is there",
    "K2.time": "keep-alive gave up too early",
    "K3": "an octet of garbage was delivered",
    "K3.next": "a keep-alive moved what its receiver expects",
    "K3.below": "an end took something of a segment below its window",
    "K4": "a half-open connection lasts, though its keep-alives are answered",
    "K4.wait": "an end and a peer in TIME-WAIT keep each other for ever",
    "K5": "a NAT has forgotten a connection that both ends have",
    "K6": "a half-open connection lasts, since no ACK may be sent",
    "K6.channel": "others see what became of a forged segment",
    "K7": "ACKs are answered with ACKs, though they are limited",
    "K7.rate": "ACKs are answered with ACKs for ever, one in an interval",
    "C1": "a state followed another that Figure 5 does not lead to",
    "C2": "what was due was not answered, or something else was",
    "C4": "a sequence variable does not fit the state, or moved without reason",
    "C5": "TIME-WAIT or R is not as long as it should be",
    "C7": "a user is not told that the connection has ended",
    "L1": "an open never ends",
    "L1.reopen": "an open to a peer in TIME-WAIT never ends",
    "L2": "a close never ends",
    "L2.timer": "TIME-WAIT never ends",
    "L2.leak": "CLOSE-WAIT never ends, since the application never closes",
    "L2.silent": "FIN-WAIT-2 never ends, since the peer never closes",
    "L2.unanswered": "LAST-ACK never ends, since nothing is answered",
    "L3": "a half-open connection lasts, though an end has something to send",
    "L3.literal": "a half-open connection is never reset, though an end sends",
    "L3.quiet": "a half-open connection lasts, since nobody has anything to send",
    "L4": "the network never falls silent, though nobody acts",
    "L5": "text is never delivered, though both users go on",
}


def failure(id: str) -> str:
    """What has happened where the claim of this id is violated; "" where nothing is said of it."""
    while id not in FAILURES and "." in id:
        id = id.rpartition(".")[0]
    return FAILURES.get(id, "")
