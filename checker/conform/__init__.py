"""Real captures followed through the specification: does some run of it explain every segment?

Read it in this order. *What a segment may be:* ``inbound``, what a peer was seen to send and may
have arrived. *What an end may be:* ``behaviour`` (which rules), ``candidate`` (which TCBs) and
``steps`` (what it can do next). *How a segment is explained:* ``explain``, for one candidate,
``monitor``, for one end, and ``ends``, for both; ``patience`` says how long nonsense is followed.
*What is reported:* ``follow`` finds the connections of a capture, ``connection`` and ``judge`` say
what came of each, ``report`` writes it down, ``ladder`` draws it, and ``run`` is the command.
*What crosses connections* is kept in ``shards``, so that ``several`` processes may share them.

``cache`` stands around this and can be left out. ``layout`` knows the fields of a TCB.
"""
