"""The compiled loops of the engine of sets. They know numbers: ids, records, words of bits.

The states of two ends, joined by a link each way, are held as sets: for a *pair* of ends and the
bag that one of them receives from, a *row* has a bit for each bag that it has sent. What an end
does is a function of itself and the bag it receives from. So it does the same in all states of a
row, and one step of a whole row is: the bits, as they are or moved by what is sent, into another
row.

There are two ways to lay out the states of a pair. ``A`` acts on rows of what B has sent, with bits
for what A has sent; ``B`` the other way round. States are kept as B acts on them; those of a level
are turned over before A acts, and what comes of it is turned back.

Sets are passed on as *chunks*, four words each: a pair, two addresses, and how many words of bits
there are. At one address it says where each word belongs (``row << PLACE | word``); at the other
are the words, none of them empty. Rows that are being filled are found through a table, which has a
number, plus one, for each row that is in use; so no empty row is ever visited.

What an end does is read from the tables of the native engine (``native.kernel``).
"""

from typing import Any

from checker.engines.explicit.native.compiling import Intrinsic, Later, compiled, inlined
from checker.engines.explicit.native.kernel import (
    ACTOR,
    ACTORS,
    AGE,
    AGES,
    ARRIVAL,
    ARRIVALS,
    BAGS,
    BLOCKED,
    BUSY_LOSE,
    CAPACITY,
    DUPLICATE,
    HALF,
    IN_FLIGHT,
    JUDGED,
    LOOKS,
    LOSE,
    LOW,
    MARK_ROW,
    MARKS,
    MESSAGE,
    ONE,
    PUSH,
    PUSHES,
    RECORDS,
    ROWS,
    SEEN,
    THREE,
    TICK,
    TICKS,
    TIMED,
    TWO,
    U8,
    VERDICTS,
    WATCHES,
    WHO_BITS,
    ZERO,
    find,
    find_in,
    load1,
    load4,
    load8,
    lowest,
    store4,
    store8,
)

types = Later("numba.types")

PLACE = U8(10)
"""Bits of a word's number in its row: there are at most 2^16 bags."""
SIX, FIELD = U8(6), U8(63)
ALL = U8(0xFFFFFFFFFFFFFFFF)

PAIR = U8(6)
"""A kind of miss: a pair of ends that has no number."""

# What all threads share, by place
(
    WORDS,  # of a row
    PAIRS,  # memo: ends -> number of the pair + 1
    ENDS_OF,  # per pair: its ends, B's in the lower half
    INDEX,  # per pair and bag that B may receive from: number of the row + 1
    SLABS,  # addresses of rows, so many at a time
    SLAB_BITS,
    AFTER,  # per message and bag: the bag with that message added
    KNOWN,  # per message, a row: of which bags that is known
    SHORT,  # per length, a row: the bags that have fewer messages
    MESSAGES,  # room for so many
    BAG_COUNT,
    SHARED,
) = (0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)

# What each thread has: addresses, then numbers that the loops count
(
    TURNED,  # rows in the making: of a chunk turned over, or turned back
    TURNED_AT,  # where each row is, + 1
    TURNED_OF,  # which row each is
    MADE,  # rows in the making: what comes of a group of chunks
    MADE_AT,  # where each row of each target is, + 1
    MADE_OF,  # which row each is
    MADE_NEXT,  # the next row of the same target, + 1
    TARGET_OF,  # per end: its target + 1
    TARGETS,  # per target: the end; the last row, + 1; how many rows
    MOVED,  # per message, twice: the bits of a row moved by that message
    MOVED_AT,  # of which row that is
    ROW,  # room for a few rows
    USED,  # how often each record was used
    OUT_AT,  # chunks in the making
    OUT,
    OUT_ROOM,
    MISS,
    MISS_ROOM,
    TURNED_COUNT,
    MADE_COUNT,
    TARGET_COUNT,
    ROW_STAMP,
    OUT_COUNT,
    MISS_COUNT,
    STEPS,  # transitions
    FOUND,  # states
    NEXT_ROW,  # of those of the visited set
    LAST_ROW,
    OWN,
) = range(29)

SPARE_ROWS = 6
"""Rows at ``ROW``: one of a chunk, what is noticed, a part of a row, an empty one; the last two for
moving."""


@Intrinsic
def ones(typing: Any, word: Any) -> Any:
    """How many bits of a word are set."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), code


# Rows of bits


@inlined
def clear(row, words):
    """Empty a row."""
    i = ZERO
    while i < words:
        store8(row, i, ZERO)
        i += ONE


@inlined
def join(row, more, words):
    """Add the bits of another row."""
    i = ZERO
    while i < words:
        store8(row, i, load8(row, i) | load8(more, i))
        i += ONE


@inlined
def size(row, words):
    """How many bits of a row are set."""
    n, i = ZERO, ZERO
    while i < words:
        n += ones(load8(row, i))
        i += ONE
    return n


@inlined
def mark(row, bit):
    """Set one bit."""
    store8(row, bit >> SIX, load8(row, bit >> SIX) | (ONE << (bit & FIELD)))


@inlined
def turned_row(w, words, row):
    """A row in the making, by its number; it is empty at first."""
    at = load4(w[TURNED_AT], row)
    if at == ZERO:
        at = w[TURNED_COUNT] + ONE
        w[TURNED_COUNT] = at
        store4(w[TURNED_AT], row, at)
        store4(w[TURNED_OF], at - ONE, row)
        place = w[TURNED] + (((at - ONE) * words) << THREE)
        clear(place, words)
        return place
    return w[TURNED] + (((at - ONE) * words) << THREE)


@inlined
def made_row(w, words, end, row):
    """A row of a target in the making; it is empty at first."""
    target = load4(w[TARGET_OF], end)
    if target == ZERO:
        target = w[TARGET_COUNT] + ONE
        w[TARGET_COUNT] = target
        store4(w[TARGET_OF], end, target)
        store8(w[TARGETS], THREE * target - THREE, end)
        store8(w[TARGETS], THREE * target - TWO, ZERO)
        store8(w[TARGETS], THREE * target - ONE, ZERO)
    target -= ONE
    key = target * (words << SIX) + row
    at = load4(w[MADE_AT], key)
    if at == ZERO:
        at = w[MADE_COUNT] + ONE
        w[MADE_COUNT] = at
        store4(w[MADE_AT], key, at)
        store4(w[MADE_OF], at - ONE, row)
        last = THREE * target + ONE
        store4(w[MADE_NEXT], at - ONE, load8(w[TARGETS], last))
        store8(w[TARGETS], last, at)
        store8(w[TARGETS], last + ONE, load8(w[TARGETS], last + ONE) + ONE)
        place = w[MADE] + (((at - ONE) * words) << THREE)
        clear(place, words)
        return place
    return w[MADE] + (((at - ONE) * words) << THREE)


@inlined
def visited_row(s, number):
    """Where a row of the visited set is."""
    slab = load8(s[SLABS], number >> s[SLAB_BITS])
    return slab + (((number & ((ONE << s[SLAB_BITS]) - ONE)) * s[WORDS]) << THREE)


@inlined
def move(s, bits, message, limit, to):
    """Add a message to each bag of a row that has fewer than ``limit``; the others stay."""
    words = s[WORDS]
    short = s[SHORT] + ((limit * words) << THREE)
    after = s[AFTER] + ((message * (words << SIX)) << TWO)
    i = ZERO
    while i < words:
        store8(to, i, load8(bits, i) & ~load8(short, i))
        i += ONE
    i = ZERO
    while i < words:
        go = load8(bits, i) & load8(short, i)
        while go != ZERO:
            mark(to, load4(after, (i << SIX) | lowest(go)))
            go &= go - ONE
        i += ONE


@inlined
def sent(s, w, bits, record, sends, limit, which):
    """The bits of a row after a move: of each bag with what is sent, as long as there is room.

    ``record`` is the address of what is sent. What one message does is kept while the row is
    worked on, for two limits.
    """
    if sends == ZERO:
        return bits
    words = s[WORDS]
    if sends == ONE:
        message = load4(record, ZERO) & MESSAGE
        at = which * s[MESSAGES] + message
        moved = w[MOVED] + ((at * words) << THREE)
        if load8(w[MOVED_AT], at) != w[ROW_STAMP]:
            store8(w[MOVED_AT], at, w[ROW_STAMP])
            move(s, bits, message, limit, moved)
        return moved
    here = w[ROW] + ((words << TWO) << THREE)
    there = here + (words << THREE)
    i = ZERO
    while i < sends:
        move(s, bits, load4(record, i) & MESSAGE, limit, here)
        bits = here
        here, there = there, here
        i += ONE
    return bits


# What ends do


@inlined
def actor_of(p, who, me, other, noticed):
    """The row and the record of an end that sees the other."""
    sight = ZERO
    if load1(p[LOOKS], me) != ZERO:
        sight = (load4(p[SEEN], other) << ONE) | noticed
    return ((who | (sight << U8(WHO_BITS))) << HALF) | me


@inlined
def notices(p, me, bag, way):
    """Does an end notice a message in a bag, sent (``ONE``) or received (``TWO``)?"""
    marks = p[MARKS] + load4(p[WATCHES], me) * p[MARK_ROW]
    at = bag * (p[CAPACITY] + p[CAPACITY] + ONE)
    n = load4(p[BAGS], at)
    while n != ZERO:
        if load1(marks, load4(p[BAGS], at + n)) & way:
            return True
        n -= ONE
    return False


@compiled
def act(p, s, w, me, bag, bits, actor):
    """Let an end act in all states of a row, those of the bag that it receives from."""
    words = s[WORDS]
    n = size(bits, words)
    records, bags, used = p[RECORDS], p[BAGS], w[USED]
    capacity, duplicate, lose = p[CAPACITY], p[DUPLICATE], p[LOSE]
    row, record = load8(p[ROWS], actor >> HALF), actor & LOW
    bag_at = bag * (capacity + capacity + ONE)
    waiting = load4(bags, bag_at)
    # How long a bag may be to take one more: where the message that arrives stays, and goes
    limit = min(capacity, p[IN_FLIGHT] - waiting)
    larger = min(capacity, p[IN_FLIGHT] - waiting + ONE)
    which = ONE if larger != limit else ZERO
    w[ROW_STAMP] += ONE
    steps = ZERO
    number = load4(records, record)
    store8(used, number, load8(used, number) + n)
    moves = load4(records, record + ONE)
    at = record + TWO
    while moves != ZERO:
        moves -= ONE
        end, sends = load4(records, at), load4(records, at + TWO)
        at += THREE
        steps += n
        if end != me or sends != ZERO:
            after = sent(s, w, bits, records + (at << TWO), sends, limit, ZERO)
            join(made_row(w, words, end, bag), after, words)
        at += sends
    before = LOW
    i = ZERO
    while i < waiting:
        i += ONE
        message = load4(bags, bag_at + i)
        if message == before:
            continue
        before = message
        rest = load4(bags, bag_at + capacity + i)
        if lose:
            steps += n
            join(made_row(w, words, me, rest), bits, words)
        record = find_in(p[ARRIVALS], row, message)
        number = load4(records, record)
        store8(used, number, load8(used, number) + n)
        moves = load4(records, record + ONE)
        at = record + TWO
        while moves != ZERO:
            moves -= ONE
            end, sends = load4(records, at), load4(records, at + TWO)
            at += THREE
            what = records + (at << TWO)
            at += sends
            steps += n
            if end != me or sends != ZERO or not lose:
                after = sent(s, w, bits, what, sends, larger, which)
                join(made_row(w, words, end, rest), after, words)
            if duplicate:
                steps += n
                if end != me or sends != ZERO:
                    after = sent(s, w, bits, what, sends, limit, ZERO)
                    join(made_row(w, words, end, bag), after, words)
    w[STEPS] += steps


@inlined
def act_seeing(p, s, w, me, bag, bits, unnoticing, noticing, looks):
    """The same where it may matter whether the end notices a message."""
    words = s[WORDS]
    if not looks:
        act(p, s, w, me, bag, bits, unnoticing)
    elif notices(p, me, bag, TWO):
        act(p, s, w, me, bag, bits, noticing)
    else:
        noticed, part = w[ROW] + (words << THREE), w[ROW] + (words << U8(4))
        for side in range(2):
            n, i = ZERO, ZERO
            while i < words:
                word = load8(bits, i)
                word &= load8(noticed, i) if side else ~load8(noticed, i)
                store8(part, i, word)
                n |= word
                i += ONE
            if n != ZERO:
                act(p, s, w, me, bag, part, noticing if side else unnoticing)


@inlined
def turn(w, words, at, bits, n):
    """Turn over the states of a chunk: bits become rows."""
    i = ZERO
    while i < n:
        where, word = load4(at, i), load8(bits, i)
        i += ONE
        row = where >> PLACE
        first = (where & ((ONE << PLACE) - ONE)) << SIX
        while word != ZERO:
            mark(turned_row(w, words, first | lowest(word)), row)
            word &= word - ONE


@compiled
def forward(p, s, w, chunks, side):
    """Let A (``side`` 0) or B (1) act in all states of some chunks; the other end of all is one."""
    words = s[WORDS]
    side = U8(side)
    for c in range(chunks.size // 4):
        ends = load8(s[ENDS_OF], chunks[4 * c])
        me, other = ends >> HALF, ends & LOW
        if side != ZERO:
            me, other = other, me
        at, bits, n = chunks[4 * c + 1], chunks[4 * c + 2], chunks[4 * c + 3]
        looks = load1(p[LOOKS], me) == THREE
        first = find(p[ACTORS], p[ACTORS + 1], actor_of(p, side, me, other, ZERO))
        second = first
        if looks:
            second = find(p[ACTORS], p[ACTORS + 1], actor_of(p, side, me, other, ONE))
            noticed = w[ROW] + (words << THREE)
            clear(noticed, words)
            bag = ZERO
            while bag < s[BAG_COUNT]:
                if notices(p, me, bag, ONE):
                    mark(noticed, bag)
                bag += ONE
        if side == ZERO:
            turn(w, words, at, bits, n)
            i = ZERO
            while i < w[TURNED_COUNT]:
                bag = load4(w[TURNED_OF], i)
                row = w[TURNED] + ((i * words) << THREE)
                act_seeing(p, s, w, me, bag, row, first, second, looks)
                store4(w[TURNED_AT], bag, ZERO)
                i += ONE
            w[TURNED_COUNT] = ZERO
        else:
            row, i = w[ROW], ZERO
            while i < n:
                bag = load4(at, i) >> PLACE
                clear(row, words)
                while i < n and load4(at, i) >> PLACE == bag:
                    store8(row, load4(at, i) & ((ONE << PLACE) - ONE), load8(bits, i))
                    i += ONE
                act_seeing(p, s, w, me, bag, row, first, second, looks)


@compiled
def tick(p, s, w, chunk):
    """Let a unit of time go by in all states of a chunk; what comes of it is turned over."""
    words = s[WORDS]
    ends = load8(s[ENDS_OF], chunk[0])
    a, b = load4(p[TICKS], ends >> HALF), load4(p[TICKS], ends & LOW)
    if a <= U8(BLOCKED) or b <= U8(BLOCKED):
        return
    same = a - TWO == ends >> HALF and b - TWO == ends & LOW
    at, bits, n = chunk[1], chunk[2], chunk[3]
    i = ZERO
    while i < n:
        where, word = load4(at, i), load8(bits, i)
        i += ONE
        row = where >> PLACE
        first = (where & ((ONE << PLACE) - ONE)) << SIX
        older = load4(p[AGES], row) - ONE
        while word != ZERO:
            bag = first | lowest(word)
            word &= word - ONE
            later = load4(p[AGES], bag) - ONE
            if not (same and later == bag and older == row):
                w[STEPS] += ONE
                mark(made_row(w, words, a - TWO, later), older)


@compiled
def gather(s, w, chunks):
    """Add the states of chunks to what is in the making, as B acts on it."""
    words = s[WORDS]
    for c in range(chunks.size // 4):
        end = load8(s[ENDS_OF], chunks[4 * c]) & LOW
        at, bits, n = chunks[4 * c + 1], chunks[4 * c + 2], chunks[4 * c + 3]
        i = ZERO
        while i < n:
            where = load4(at, i)
            row = made_row(w, words, end, where >> PLACE)
            word = where & ((ONE << PLACE) - ONE)
            store8(row, word, load8(row, word) | load8(bits, i))
            i += ONE


@inlined
def put(w, n, row, place, word):
    """Write a word, if it has states, as the ``n``-th; how many there are then."""
    store4(w[OUT_AT], n, (row << PLACE) | place)
    store8(w[OUT], n, word)
    return n + (ONE if word != ZERO else ZERO)


@inlined
def chunk_ends(w, chunks, made, pair, first, n):
    """Words from ``first`` to ``n`` are a chunk, if there are any; how many there are then."""
    w[OUT_COUNT] = n
    if n != first:
        chunks[(made << TWO)] = pair
        chunks[(made << TWO) | ONE] = w[OUT_AT] + (first << TWO)
        chunks[(made << TWO) | TWO] = w[OUT] + (first << THREE)
        chunks[(made << TWO) | THREE] = n - first
        made += ONE
    return made


@compiled
def turn_back(s, w, other, target, chunks):
    """Write what came of A's steps, and is not in the visited set yet, target by target.

    ``other`` is the end of B. Chunks are appended from ``chunks[0]`` on; (targets done, chunks).
    Ends early if there might be no room.
    """
    words = s[WORDS]
    bags = words << SIX
    empty = w[ROW] + ((THREE * words) << THREE)
    clear(empty, words)
    made, done = ZERO, U8(target)
    while done < w[TARGET_COUNT] and w[OUT_COUNT] + bags * words <= w[OUT_ROOM]:
        end, at = load8(w[TARGETS], THREE * done), load8(w[TARGETS], THREE * done + ONE)
        pair = find(s[PAIRS], s[PAIRS + 1], (end << HALF) | other) - ONE
        while at != ZERO:
            at -= ONE
            row, bits = load4(w[MADE_OF], at), w[MADE] + ((at * words) << THREE)
            i = ZERO
            while i < words:
                word = load8(bits, i)
                while word != ZERO:
                    mark(turned_row(w, words, (i << SIX) | lowest(word)), row)
                    word &= word - ONE
                i += ONE
            store4(w[MADE_AT], done * bags + row, ZERO)
            at = load4(w[MADE_NEXT], at)
        first, i = w[OUT_COUNT], ZERO
        n = first
        while i < w[TURNED_COUNT]:
            row, bits = load4(w[TURNED_OF], i), w[TURNED] + ((i * words) << THREE)
            store4(w[TURNED_AT], row, ZERO)
            number = load4(s[INDEX], pair * bags + row)
            i += ONE
            known = visited_row(s, number - ONE) if number != ZERO else empty
            j = ZERO
            while j < words:
                n = put(w, n, row, j, load8(bits, j) & ~load8(known, j))
                j += ONE
        w[TURNED_COUNT] = ZERO
        made = chunk_ends(w, chunks, made, pair, first, n)
        store4(w[TARGET_OF], end, ZERO)
        done += ONE
    if done == w[TARGET_COUNT]:
        w[TARGET_COUNT] = w[MADE_COUNT] = ZERO
    return done, made


@compiled
def enter(s, w, other, target, chunks):
    """Enter what is in the making into the visited set; write what was not there, as above.

    ``other`` is the end of A. Ends early, too, if there might be no free row in the slab.
    """
    words = s[WORDS]
    bags = words << SIX
    made, done = ZERO, U8(target)
    while (
        done < w[TARGET_COUNT]
        and w[OUT_COUNT] + load8(w[TARGETS], THREE * done + TWO) * words <= w[OUT_ROOM]
        and w[NEXT_ROW] + load8(w[TARGETS], THREE * done + TWO) <= w[LAST_ROW]
    ):
        end, at = load8(w[TARGETS], THREE * done), load8(w[TARGETS], THREE * done + ONE)
        pair = find(s[PAIRS], s[PAIRS + 1], (other << HALF) | end) - ONE
        first, found = w[OUT_COUNT], ZERO
        n = first
        while at != ZERO:
            at -= ONE
            row, bits = load4(w[MADE_OF], at), w[MADE] + ((at * words) << THREE)
            store4(w[MADE_AT], done * bags + row, ZERO)
            at = load4(w[MADE_NEXT], at)
            number = load4(s[INDEX], pair * bags + row)
            fresh = number == ZERO
            if fresh:
                number = w[NEXT_ROW] + ONE
            known = visited_row(s, number - ONE)
            before, j = n, ZERO
            while j < words:
                have = load8(known, j)
                new = load8(bits, j) & ~have
                store8(known, j, have | new)
                found += ones(new)
                n = put(w, n, row, j, new)
                j += ONE
            if fresh and n != before:
                store4(s[INDEX], pair * bags + row, number)
                w[NEXT_ROW] = number
        made = chunk_ends(w, chunks, made, pair, first, n)
        w[FOUND] += found
        store4(w[TARGET_OF], end, ZERO)
        done += ONE
    if done == w[TARGET_COUNT]:
        w[TARGET_COUNT] = w[MADE_COUNT] = ZERO
    return done, made


# What must be known before


@inlined
def miss(w, kind, what):
    """Note that something is missing, if there is room."""
    n = w[MISS_COUNT]
    w[MISS_COUNT] = n + TWO
    if n + TWO <= w[MISS_ROOM]:
        store8(w[MISS], n, kind)
        store8(w[MISS], n + ONE, what)


@inlined
def need_pair(s, w, a, b):
    """Note a pair of ends that has no number."""
    if find(s[PAIRS], s[PAIRS + 1], (a << HALF) | b) == ZERO:
        miss(w, PAIR, (a << HALF) | b)


@inlined
def need_moves(p, s, w, record, side, other, bags, limit):
    """Note what a record's moves need: pairs, and what bags become."""
    records, words = p[RECORDS], s[WORDS]
    moves = load4(records, record + ONE)
    at = record + TWO
    while moves != ZERO:
        moves -= ONE
        end, sends = load4(records, at), load4(records, at + TWO)
        at += THREE
        if side == ZERO:
            need_pair(s, w, end, other)
        else:
            need_pair(s, w, other, end)
        have = bags
        here = w[ROW] + ((words << TWO) << THREE)
        there = here + (words << THREE)
        i = ZERO
        while i < sends:
            message = load4(records, at + i) & MESSAGE
            i += ONE
            lacking, j = False, ZERO
            while j < words:
                word = load8(have, j) & load8(s[SHORT] + ((limit * words) << THREE), j)
                if message < s[MESSAGES]:
                    word &= ~load8(s[KNOWN] + ((message * words) << THREE), j)
                while word != ZERO:
                    miss(w, PUSH, (((j << SIX) | lowest(word)) << HALF) | message)
                    word &= word - ONE
                    lacking = True
                j += ONE
            if lacking:
                break
            if i < sends:
                move(s, have, message, limit, here)
                join(here, have, words)
                have = here
                here, there = there, here
        at += sends


@inlined
def need_acts(p, s, w, side, me, other, received, sent_bags, least):
    """Note what an end needs to act in all states of some bags; ``least`` is per message."""
    words = s[WORDS]
    bags, capacity = p[BAGS], p[CAPACITY]
    width = capacity + capacity + ONE
    looks = load1(p[LOOKS], me) == THREE
    for noticed in range(2):
        if noticed and not looks:
            break
        if looks:
            # Some state must be like that: one message of one bag, or none of both
            got, none_got, gave, none_gave = False, False, False, False
            i = ZERO
            while i < words:
                for way in range(2):
                    word = load8(sent_bags if way else received, i)
                    while word != ZERO:
                        bag = (i << SIX) | lowest(word)
                        word &= word - ONE
                        if way:
                            is_so = notices(p, me, bag, ONE)
                            gave, none_gave = gave or is_so, none_gave or not is_so
                        else:
                            is_so = notices(p, me, bag, TWO)
                            got, none_got = got or is_so, none_got or not is_so
                i += ONE
            if noticed and not got and not gave:
                continue
            if not noticed and not (none_got and none_gave):
                continue
        ask = actor_of(p, side, me, other, U8(noticed))
        actor = find(p[ACTORS], p[ACTORS + 1], ask)
        if actor == ZERO:
            miss(w, ACTOR, ask)
            continue
        row = load8(p[ROWS], actor >> HALF)
        # The shortest bag with each message, and the shortest of all
        shortest, i = capacity, ZERO
        while i < words:
            word = load8(received, i)
            while word != ZERO:
                at = ((i << SIX) | lowest(word)) * width
                word &= word - ONE
                n = load4(bags, at)
                shortest = min(shortest, n)
                j = ZERO
                while j < n:
                    j += ONE
                    message = U8(load4(bags, at + j))
                    least[message] = min(least[message], n)
            i += ONE
        limit = min(capacity, p[IN_FLIGHT] - shortest)
        need_moves(p, s, w, actor & LOW, side, other, sent_bags, limit)
        for message in range(least.size):
            n = least[message]
            if n != LOW:
                least[message] = LOW
                record = find_in(p[ARRIVALS], row, U8(message))
                if record == ZERO:
                    miss(w, ARRIVAL, (actor >> HALF << HALF) | U8(message))
                else:
                    limit = min(capacity, p[IN_FLIGHT] - n + ONE)
                    need_moves(p, s, w, record, side, other, sent_bags, limit)


@compiled
def prepare(p, s, w, chunks, ready, least):
    """Note what is missing to expand chunks; of those that lack nothing, ``ready`` is set.

    ``least`` has room for a number for each message; all are ``LOW``.
    """
    words = s[WORDS]
    first, second = w[ROW], w[ROW] + (words << THREE)
    for c in range(chunks.size // 4):
        if ready[c]:
            continue
        if w[MISS_COUNT] >= w[MISS_ROOM]:
            break
        before = w[MISS_COUNT]
        ends = load8(s[ENDS_OF], chunks[4 * c])
        a, b = ends >> HALF, ends & LOW
        at, bits, n = chunks[4 * c + 1], chunks[4 * c + 2], chunks[4 * c + 3]
        clear(first, words)
        clear(second, words)
        i = ZERO
        while i < n:
            where = load4(at, i)
            mark(first, where >> PLACE)
            word = where & ((ONE << PLACE) - ONE)
            store8(second, word, load8(second, word) | load8(bits, i))
            i += ONE
        need_acts(p, s, w, ZERO, a, b, second, first, least)
        need_acts(p, s, w, ONE, b, a, first, second, least)
        if p[LOSE]:
            need_pair(s, w, a, b)
        if p[TIMED]:
            later_a, later_b = load4(p[TICKS], a), load4(p[TICKS], b)
            if later_a == ZERO:
                miss(w, TICK, a)
            if later_b == ZERO:
                miss(w, TICK, b)
            if later_a > U8(BLOCKED) and later_b > U8(BLOCKED):
                need_pair(s, w, later_a - TWO, later_b - TWO)
                i = ZERO
                while i < words:
                    word = load8(first, i) | load8(second, i)
                    while word != ZERO:
                        bag = (i << SIX) | lowest(word)
                        word &= word - ONE
                        if load4(p[AGES], bag) == ZERO:
                            miss(w, AGE, bag)
                    i += ONE
        ready[c] = w[MISS_COUNT] == before


@compiled
def learn(p, s, asks):
    """Take what bags become from the native engine's memo into tables."""
    words = s[WORDS]
    for i in range(asks.size):
        bag, message = asks[i] >> HALF, asks[i] & LOW
        more = find(p[PUSHES], p[PUSHES + 1], asks[i])
        store4(s[AFTER], message * (words << SIX) + bag, more - ONE)
        mark(s[KNOWN] + ((message * words) << THREE), bag)


# States one by one


@compiled
def states_of(chunks, ends_of, end_bits, bag_bits, out):
    """Write the keys of the states of chunks (``native.layout``) to ``out``."""
    found = 0
    for c in range(chunks.size // 4):
        ends = load8(ends_of, chunks[4 * c])
        ends = ((ends >> HALF) << end_bits) | (ends & LOW)
        at, bits, n = chunks[4 * c + 1], chunks[4 * c + 2], chunks[4 * c + 3]
        i = ZERO
        while i < n:
            where, word = load4(at, i), load8(bits, i)
            i += ONE
            first = (where & ((ONE << PLACE) - ONE)) << SIX
            while word != ZERO:
                key = (ends << bag_bits) | (where >> PLACE)
                out[found] = (key << bag_bits) | first | lowest(word)
                word &= word - ONE
                found += 1
    return found


@compiled
def copy(chunks, at, bits):
    """Write the words of chunks, one after another."""
    n = ZERO
    for c in range(chunks.size // 4):
        i = ZERO
        while i < chunks[4 * c + 3]:
            store4(U8(at), n, load4(chunks[4 * c + 1], i))
            store8(U8(bits), n, load8(chunks[4 * c + 2], i))
            i += ONE
            n += ONE


@compiled
def count(chunks):
    """How many states chunks have."""
    found = ZERO
    for c in range(chunks.size // 4):
        found += size(chunks[4 * c + 2], chunks[4 * c + 3])
    return found


@compiled
def may_rest(p, s, chunks, undecided, found):
    """Write to ``found``, for each chunk, which of its states may be at rest and decide a check
    of rest: 0: none, 1: only that with nothing in flight, 2: any."""
    for c in range(chunks.size // 4):
        ends = load8(s[ENDS_OF], chunks[4 * c])
        a, b = ends >> HALF, ends & LOW
        verdict = find(p[JUDGED], p[JUDGED + 1], ends)
        mask = load8(p[VERDICTS], (verdict << ONE) | ONE) & undecided
        for side in range(2):
            me, other = (b, a) if side else (a, b)
            if mask == ZERO or load1(p[LOOKS], me) == THREE:
                continue
            actor = find(p[ACTORS], p[ACTORS + 1], actor_of(p, U8(side), me, other, ZERO))
            record = actor & LOW
            moves = load4(p[RECORDS], record + ONE)
            at = record + TWO
            while moves != ZERO:
                moves -= ONE
                mask &= ~load4(p[RECORDS], at + ONE)
                at += THREE + load4(p[RECORDS], at + TWO)
        found[c] = 0
        if mask != ZERO:
            found[c] = 1 if p[LOSE] and mask & ~p[BUSY_LOSE] == ZERO else 2
