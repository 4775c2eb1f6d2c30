"""What a capture lacks or repeats, and how much is kept."""

from hypothesis import given, settings
from hypothesis import strategies as st

from checker.capture.segments import ACK
from checker.conform.follow import MIDDLE
from checker.narrate import contents, http, narration, page
from checker.narrate.run import gather
from tests.helpers.film import OK, RFC, Film, Talk, ask, film, heads, never_closes, one_zero, three


def test_text_that_the_capture_lacks():
    begun = OK + b"Content-Length: 10\r\n\r\n12"
    inside = heads(begun, 5, b"890", OK, b"Content-Length: 0\r\n\r\n")
    assert (inside.count, inside.missing) == (2, False)
    to_the_end = heads(begun, 8, OK + b"Content-Length: 0\r\n\r\n")
    assert (to_the_end.count, to_the_end.missing) == (2, False)
    assert heads(begun, 9, OK).missing
    assert heads(OK[:5], 3, OK[8:]).missing


def test_segments_out_of_order_and_cut_short(tmp_path):
    """The second half comes first; of the body, the capture kept the beginning of each segment."""
    made = Film(kept=120)
    talk = Talk(made).open()
    first, second = b"GET /one HTTP/1.1\r\n", b"Host: x\r\n\r\nGET /two HTTP/1.1\r\n\r\n"
    talk.send(0, ACK, second, ahead=len(first))
    talk.send(0, ACK, first)
    talk.nxt[0] += len(second)
    talk.send(1, ACK)
    talk.say(1, OK + b"Content-Length: 1000\r\n\r\n").say(1, b"x" * 1000)
    talk.say(1, b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
    (found,) = gather(made.write(tmp_path / "x.pcap"), RFC, MIDDLE).connections
    assert [(one.target, one.status) for one in found.exchanges] == [("/one", 200), ("/two", 500)]
    assert not found.missing


def test_text_that_comes_again_is_read_once(tmp_path):
    """The end first; whole, and with more behind it; around the highest number, over IPv6."""
    whole = b"".join(b"GET /%d HTTP/1.1\r\n\r\n" % i for i in range(3))

    def scene(made: Film) -> None:
        talk = Talk(made, hosts=(bytes(15) + b"\1", bytes(15) + b"\2"))
        talk.nxt[0] = 2**32 - 30
        start = talk.open().nxt[0]
        for a, b in ((40, 57), (0, 20), (0, 20), (10, 30), (0, 45), (20, 57)):
            talk.nxt[0] = (start + a) % 2**32
            talk.send(0, ACK, whole[a:b])

    (found,) = film(tmp_path, scene).connections
    assert [one.target for one in found.exchanges] == ["/0", "/1", "/2"]
    assert not found.missing
    assert found.name == "[::1]:4000-[::2]:80"


def test_many_heads_are_counted():
    reader = heads(*[b"GET / HTTP/1.1\r\n\r\n" * 10] * 150)
    assert (len(reader.heads), reader.count) == (http.HEADS, 1500)


def test_room_is_bounded(tmp_path, monkeypatch):
    """Where no more may be held, text is passed over, and what was held is given back."""
    rooms = []
    monkeypatch.setattr(contents, "ROOM", 4000)
    make = contents.Room.__init__
    monkeypatch.setattr(contents.Room, "__init__", lambda self: (make(self), rooms.append(self))[0])

    def scene(made: Film) -> None:
        for port in range(4000, 4008):
            talk = Talk(made, port).open()
            talk.send(0, ACK, b"y" * 900, ahead=2000)
            talk.say(0, b"GET /" + b"x" * 900)
            talk.say(1, OK)

    found = film(tmp_path, scene)
    assert any(one.missing for one in found.connections)
    assert {room.left for room in rooms} == {4000}


def test_heads_are_bounded_in_all(tmp_path, monkeypatch):
    """Beyond the bound they are counted; and nothing false is said of those that were kept."""
    rooms = []
    monkeypatch.setattr(contents, "ROOM", 20_000)
    make = contents.Room.__init__
    monkeypatch.setattr(contents.Room, "__init__", lambda self: (make(self), rooms.append(self))[0])

    def scene(made: Film) -> None:
        for port in range(4000, 4010):
            talk = Talk(made, port).open().say(0, b"GET /" + b"x" * 90 + b" HTTP/1.1\r\n\r\n")
            talk.say(0, b"GET / HTTP/1.1\r\n\r\n" * 4)
            talk.say(1, (OK + b"Content-Length: 0\r\n\r\n") * 5).close(0, 1)

    found = film(tmp_path, scene)
    assert {one.requests for one in found.connections} == {5}
    kept = sum(len(one.exchanges) for one in found.connections)
    assert 20 < kept < 35 and len(found.connections[-1].exchanges) == 1
    said = "\n".join(narration.lines(found, 0, 100))
    assert "no response seen" not in said and "4 requests more" in said
    monkeypatch.setattr("checker.narrate.narration.TOLD", 1)
    film(tmp_path, scene)
    assert 14_000 < rooms[-1].heads < 15_000  # without the ten of one connection


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_capture_with_noise_in_it_is_told(tmp_path_factory, data):
    made = Film()
    for scene in (ask, one_zero, three, never_closes):
        scene(made)
    for _ in range(data.draw(st.integers(1, 20))):
        i = data.draw(st.integers(0, len(made.frames) - 1))
        frame = bytearray(made.frames[i])
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
        made.frames[i] = bytes(frame[: data.draw(st.integers(1, 2 * len(frame)))])
    path = made.write(tmp_path_factory.mktemp("noise") / "x.pcap")
    found = gather(path, RFC, MIDDLE)
    assert list(narration.lines(found, 0, 100)) and page.page(found)
