"""Real TCP against the specification: captures, followed through its states.

``heard`` sums up what one end was seen to send, ``monitor`` follows an end through the states that
explain it, ``follow`` makes connections of segments, ``report`` tells what came of them.
"""
