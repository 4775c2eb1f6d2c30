"""The two hellos, and nothing after them."""

import ssl
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.narrate import narration, tls
from tests.helpers.film import (
    Film,
    Talk,
    film,
    heads,
)


def client_hello(server: str, *protocols: str) -> bytes:
    """By a real client."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(list(protocols))
    out = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=server).do_handshake()
    return out.read()


def server_hello(version: int, *extensions: tuple[int, bytes]) -> bytes:
    more = b"".join(struct.pack(">HH", kind, len(data)) + data for kind, data in extensions)
    body = struct.pack(">H", version) + bytes(35) + b"\0" + struct.pack(">H", len(more)) + more
    message = b"\2" + len(body).to_bytes(3, "big") + body
    # In two records: a message may be cut anywhere.
    parts = (message[:5], message[5:])
    return b"".join(struct.pack(">BHH", 22, 0x303, len(one)) + one for one in parts)


def test_tls_is_named_and_not_read(tmp_path):
    hello = client_hello("www.example", "h2", "http/1.1")
    alpn = (16, b"\0\3\2h2")

    def scene(made: Film) -> None:
        newer = Talk(made, 4000, 443).open().say(0, hello[:30]).say(0, hello[30:])
        newer.say(1, server_hello(0x303, (43, b"\3\4"))).close(0, 1)
        older = Talk(made, 4001, 443).open().say(0, hello)
        older.say(1, server_hello(0x303, alpn)).close(0, 1)

    newer, older = film(tmp_path, scene).connections
    assert (newer.protocol, older.protocol) == ("TLS 1.3", "TLS 1.2")
    assert newer.tls == {"server_name": "www.example", "offers": ["h2", "http/1.1"]}
    assert older.tls["protocol"] == "h2"
    said = "\n".join(narration.chapter(newer))
    assert "TLS 1.3 for www.example: encrypted, its contents are not read" in said
    assert "the client offers h2, http/1.1" in said
    assert "it carries h2" in "\n".join(narration.chapter(older))


def test_a_hello_in_crumbs_is_given_up(whole):
    """A record for each octet: what is read again with each segment is bounded."""
    message = whole[5:]
    crumbs = [b"\x16\3\1\0\1" + message[i : i + 1] for i in range(len(message))]
    assert heads(*crumbs[: tls.RECORDS - 1]).kind == ""
    assert heads(*crumbs).kind == "other"
    halves = (message[:60], message[60:])
    assert heads(*[b"\x16\3\1" + struct.pack(">H", len(p)) + p for p in halves]).kind == "TLS"


@pytest.fixture(scope="module")
def whole() -> bytes:
    return client_hello("www.example", "h2")


@given(at=st.integers(0, 700), junk=st.binary(min_size=1, max_size=4))
def test_tls_reads_anything(whole, at, junk):
    at %= len(whole)
    tls.hello(whole[:at] + junk + whole[at + len(junk) :])
    assert tls.hello(whole[: min(at, len(whole) - 1)]) is True
