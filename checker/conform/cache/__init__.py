"""The cache around ``conform``: what was worked out before is not worked out again.

``conform`` can be read, and run, without this folder: ``Follower(..., cached=False)``. With it, the
same questions get the same answers, sooner. The interface is ``ends.Way``: ``Plain`` makes pairs of
ends that follow each segment in full, ``situations.Cache`` pairs that remember. Three things are
remembered, each behind the name of what it replaces:

* ``steps.RememberedStepper`` for ``Stepper``: steps of the specification, whatever the numbers;
* ``flowing.FlowingMonitor`` for ``Monitor``: text and ACKs that change no state;
* ``situations.RememberedEnds`` for ``Ends``: what both ends made of a segment in a like situation.

Whole connections are remembered, too: ``courses`` says what comes of one whose numbers lie to each
other as those of another did, and ``quiet`` asks it, where frames come in.

Tests compare each with the long way: real captures, and thousands of connections whose segments
were lost, doubled, reordered or changed.
"""
