"""Memos and bags, against plain dictionaries and multisets."""

from collections import Counter as Bag

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.engines.explicit.native import kernel
from checker.engines.explicit.native.tables import Interner, Memo, Rows, grown
from checker.engines.explicit.parts import Move
from tests.helpers.agree import U8
from tests.helpers.systems import (
    LinkedBit,
)


@given(st.dictionaries(st.integers(0, 2**63), st.integers(1, 2**64 - 1), max_size=2000))
@settings(max_examples=20, deadline=None)  # the first call compiles
def test_a_memo_is_a_dictionary(known: dict[int, int]) -> None:
    memo = Memo()
    memo.set(list(known), list(known.values()))
    assert memo.count == len(known)
    assert all(int(kernel.find(*memo.at(), U8(word))) == known[word] for word in known)
    assert int(kernel.find(*memo.at(), U8(2**63 + 1))) == 0
    memo.set(list(known), [1] * len(known))  # again, to another value
    assert memo.count == len(known)
    assert {int(kernel.find(*memo.at(), U8(word))) for word in known} <= {1}


@given(
    st.lists(
        st.dictionaries(
            st.tuples(st.integers(0, 200), st.integers(1, 2**32 - 1)),
            st.integers(1, 2**32 - 1),
            min_size=1,
            max_size=300,
        ),
        max_size=4,
    )
)
@settings(max_examples=20, deadline=None)
def test_rows_are_dictionaries(parts: list[dict[tuple[int, int], int]]) -> None:
    """Entries of many rows, some of which grow, and rows without any."""
    rows, known = Rows(), dict[tuple[int, int], int]()
    rows.rows = grown(rows.rows, 202)
    for part in parts:
        new = {at: record for at, record in part.items() if at not in known}
        rows.set([row << 32 | what for row, what in new], [*new.values()])
        known |= new
    places, where = kernel.address(rows.places), rows.rows
    for (row, what), record in known.items():
        assert int(kernel.find_in(places, where[row], U8(what))) == record
    for row in range(202):
        if (row, 1) not in known:
            assert int(kernel.find_in(places, where[row], U8(1))) == 0


def test_moves_that_are_the_same_have_one_record() -> None:
    """Whatever arrived; but not if other rules fired, or an action counts as a step otherwise."""
    tables = Interner(LinkedBit(), {})
    move = Move("up", 1, ((0, "m"),), ("a rule",))
    records = [
        tables._record(moves, busy, times)
        for moves, busy, times in (
            ([move], [0], 2),
            ([move], [0], 2),
            ([move._replace(rules=())], [0], 2),
            ([move._replace(action="down")], [0], 2),
            ([move], [1], 2),
            ([move], [0], 1),
            ([move, move], [0, 0], 2),
        )
    ]
    assert records[0] == records[1]
    assert len({*records}) == len(records) - 1


class Letters(LinkedBit):
    """Messages are numbers; they live for as many ticks, multiples of 3 for ever."""

    timed = True

    def age(self, message: int) -> int | None:
        return message if message % 3 == 0 else message - 1 if message > 1 else None


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 7)), max_size=40),
)
def test_bags_are_multisets(capacity: int, deeds: list[tuple[int, int, int]]) -> None:
    """Bags made by adding, taking away and ageing, against plain counting."""
    tables = Interner(Letters(capacity=capacity), {})
    width = 2 * capacity + 1
    plain: dict[int, Bag[int]] = {0: Bag()}
    for deed, which, message in deeds:
        bag = sorted(plain)[which % len(plain)]
        content, row = plain[bag], tables.bags[bag * width : (bag + 1) * width].tolist()
        n = content.total()
        assert (row[0], Bag(tables.messages_of(bag))) == (n, content)
        assert tables.bag([*content.elements()]) == bag
        if deed == 0 and n < capacity:
            ask = bag << 32 | tables.message(message)
            tables.resolve(np.array([kernel.PUSH]), np.array([ask], U8))
            after = int(kernel.find(*tables.push.at(), U8(ask))) - 1
            content = content + Bag([message])
        elif deed == 1 and n:
            place = 1 + which % n
            after = row[capacity + place]
            content = content - Bag([tables.messages.things[row[place]]])
        else:
            tables.resolve(np.array([kernel.AGE]), np.array([bag], U8))
            after = int(tables.age[bag]) - 1
            older = (tables.parts.age(letter) for letter in content.elements())
            content = Bag(letter for letter in older if letter is not None)
        assert plain.setdefault(after, content) == content
    assert len({frozenset(bag.items()) for bag in plain.values()}) == len(plain)
