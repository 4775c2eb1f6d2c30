"""What happened after somebody typed an address: names, connections and requests, from a capture.

``dns``, ``http`` and ``tls`` read contents, ``contents`` puts them beside the connections that
``checker.conform`` follows, ``narration`` says it in words and as JSON, ``page`` as HTML. All
states are ``conform``'s.
"""
