"""The compiled loops of the native engine. They know numbers: ids, records, keys.

A state is one word, its *key*: the ids of the ends, then those of the bags, each in a field of
bits (``END_BITS``, ``BAG_BITS``), the last bag in the lowest. What an end can do is a *record* in
one flat table; which record applies, and which bag comes of adding to a bag, is found in hash
tables (*memos*) that Python fills on demand: a look-up that fails is noted as a *miss*, the state
is put aside, and expanded again once the misses are resolved. Most look-ups are of arrivals. What
may arrive at one end has a small table of its own, a *row*, so that few lines of memory are read.

The visited set is exact. A key of B bits is scrambled by a bijection; its upper bits choose a
bucket, one cache line, and only the rest is stored, with the distance from that bucket in
five bits (quotienting: Cleary 1984). A line is compared with an entry at once. An entry is
written once, by compare-and-swap, into the first free place of its line, so that several threads
may insert and none can insert twice: who finds the place taken looks at the line again.

Tables are given by address in one row of parameters: arrays that are handed about in compiled
code have their references counted, with atomic instructions, at every call. An address is that
of a numpy array's first item, which the caller keeps alive; an index counts items; loads extend
with zeros. No index is signed: numba would add code for negative ones. All of this is in one
file since numba's cache on disk knows of changes in the file of a function only.
"""

from typing import Any

import numpy as np

from checker.engines.explicit.native.compiling import Intrinsic, Later, compiled, inlined

ir, types, cgutils = map(Later, ("llvmlite.ir", "numba.types", "numba.core.cgutils"))
U8 = np.uint64
ZERO, ONE, TWO, THREE = U8(0), U8(1), U8(2), U8(3)
LOW = U8(0xFFFFFFFF)
HALF = U8(32)

# Words in memory, by address


def address(array: np.ndarray[Any, Any]) -> np.uint64:
    """Where the array's items begin."""
    return np.uint64(array.__array_interface__["data"][0])


def _pointer(builder: Any, base: Any, index: Any, bits: int) -> Any:
    return builder.gep(builder.inttoptr(base, ir.IntType(bits).as_pointer()), [index])


def _load(bits: int) -> Any:
    def load(typing: Any, base: Any, index: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            value = builder.load(_pointer(builder, args[0], args[1], bits))
            return value if bits == 64 else builder.zext(value, ir.IntType(64))

        return types.uint64(types.uint64, types.uint64), code

    return Intrinsic(load)


def _store(bits: int) -> Any:
    def store(typing: Any, base: Any, index: Any, value: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            word = args[2] if bits == 64 else builder.trunc(args[2], ir.IntType(bits))
            builder.store(word, _pointer(builder, args[0], args[1], bits))
            return context.get_dummy_value()

        return types.void(types.uint64, types.uint64, types.uint64), code

    return Intrinsic(store)


def _swap(bits: int) -> Any:
    def swap(typing: Any, base: Any, index: Any, value: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            kind = ir.IntType(bits)
            word = args[2] if bits == 64 else builder.trunc(args[2], kind)
            pointer = _pointer(builder, args[0], args[1], bits)
            result = builder.cmpxchg(pointer, kind(0), word, "monotonic", "monotonic")
            was = builder.extract_value(result, 0)
            return was if bits == 64 else builder.zext(was, ir.IntType(64))

        return types.uint64(types.uint64, types.uint64, types.uint64), code

    return Intrinsic(swap)


load1, load4, load8 = _load(8), _load(32), _load(64)
store4, store8 = _store(32), _store(64)
fill4, fill8 = _swap(32), _swap(64)
"""Put a value where 0 is, by compare-and-swap; what was there, which is 0 if it was put."""


@Intrinsic
def prefetch(typing: Any, at: Any) -> Any:
    """Have the line at an address fetched, to be written soon."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        word, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [builder.inttoptr(args[0], byte), word(1), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(types.uint64), code


def _look(lanes: int, bits: int) -> Any:
    def look(typing: Any, line: Any, value: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            item = ir.IntType(bits)
            kind = ir.VectorType(item, lanes)
            load = builder.load(builder.inttoptr(args[0], kind.as_pointer()))
            load.align = 64
            word = args[1] if bits == 64 else builder.trunc(args[1], item)
            one = builder.insert_element(ir.Constant(kind, ir.Undefined), word, ir.IntType(32)(0))
            first = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
            wanted = builder.shuffle_vector(one, one, first)
            words = []
            for other in (wanted, ir.Constant(kind, [0] * lanes)):
                same = builder.icmp_unsigned("==", load, other)
                word = builder.bitcast(same, ir.IntType(lanes))
                words.append(builder.zext(word, ir.IntType(64)))
            return builder.or_(words[0], builder.shl(words[1], ir.IntType(64)(32)))

        return types.uint64(types.uint64, types.uint64), code

    return Intrinsic(look)


look4, look8 = _look(16, 32), _look(8, 64)
"""One look at the line at an address, 16 words of 32 bits or 8 of 64: a bit for each that equals a
value and, 32 bits up, a bit for each that is 0. One load, so that both are of one moment."""


@Intrinsic
def lowest(typing: Any, word: Any) -> Any:
    """The place of the lowest bit of a word that is not 0."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.IntType(1)(1))

    return types.uint64(types.uint64), code


# The parameters, by place: numbers, then addresses. A memo takes two: address and size - 1.
(
    ENDS,  # how many
    LINKS,
    END_BITS,
    BAG_BITS,
    KEY_BITS,
    FIELD,  # bits of each end in a key of JUDGED
    SIGHT_FIELD,  # bits of what is seen of one other end
    CAPACITY,
    IN_FLIGHT,
    DUPLICATE,
    LOSE,
    TIMED,
    MIRROR,
    BUSY_DELIVER,
    BUSY_DUPLICATE,
    BUSY_LOSE,
    BUSY_TICK,
    ALL_BUSY,
    FAN,
    MARK_ROW,
    ROUTES,  # per component: see ``tables.routes``
    LOOKS,  # per end, a byte: BLIND ... SEES_ALL
    SEEN,  # per end: what the others see of it, numbered
    WATCHES,  # per end: row of MARKS
    TICKS,  # per end: what it is a tick later
    MARKS,  # per watch and message, a byte: bit 0: noticed in a bag sent, bit 1: in one to come
    ACTORS,  # memo: (sight, component, end) -> its row and, in the lower half, record of its calls
    ROWS,  # per role, end and sight: where in ARRIVALS and, in the upper half, how many places - 1
    ARRIVALS,  # rows: (way, message) and, in the lower half, record of the arrival
    RECORDS,
    PUSHES,  # memo: (bag, message) -> bag + 1
    BAGS,  # per bag: length, messages, what is left without each
    AGES,  # per bag: what it is a tick later, + 1
    JUDGED,  # memo: all ends -> verdict, an index into VERDICTS
    VERDICTS,  # pairs: checks decided by such a state; checks decided if it rests
    TABLE,  # the visited set, or 0
    WIDE,  # 1: its entries are words of 64 bits, 0: of 32
    LAST_BUCKET,
    REST_BITS,
    COMPACT,  # 0, or the bits of a fingerprint: the set holds these, not keys
    JUDGING,  # 1: there are checks
    PARAMETERS,
) = (*range(26), 26, 28, 29, 30, 31, 33, 34, 35, 37, 38, 39, 40, 41, 42, 43, 44)

# The results of a call, by place
(AT, NEW, MISSES, ASIDE, TRANSITIONS, DECIDED, RESTED, SPILLED, UNJUDGED, STATS) = range(10)

# Kinds of misses
ACTOR, ARRIVAL, PUSH, AGE, TICK = map(U8, range(1, 6))
BLOCKED = 1
"""In TICKS: time must not go on. An id n is stored as n + 2; 0 is not known yet."""

# Fields of the words that memos and records hold
WHO_BITS = 4
SIGHT_BITS = 31 - WHO_BITS
"""A question about calls is of an end and, above it, of the component's number, of whether it
notices a message (one bit), and of what it sees of the others."""
WAY_BITS = 4
"""Of a link's place among those of a component, above a message's number."""
MESSAGE_BITS = 32 - WAY_BITS
WAY, MESSAGE = U8(MESSAGE_BITS), U8((1 << MESSAGE_BITS) - 1)


@inlined
def mix(x):
    """A word scrambled."""
    x = x * U8(0x9E3779B97F4A7C15)
    return x ^ (x >> HALF)


@inlined
def find_in(arrivals, row, what):
    """The record of ``what`` in a row; 0 if there is none. A row has 2^n places, not all used."""
    first, last = row & LOW, row >> HALF
    at = what & last
    while True:
        have = load8(arrivals, first + at)
        if have >> HALF == what:
            return have & LOW
        if have == ZERO:
            return ZERO
        at = (at + ONE) & last


@compiled
def put_in(arrivals, rows, asks, records):
    """Enter records of arrivals; an ask is the number of a row and, in the lower half, what."""
    for i in range(asks.size):
        row, what = load8(rows, asks[i] >> HALF), asks[i] & LOW
        first, last = row & LOW, row >> HALF
        at = what & last
        while load8(arrivals, first + at) != ZERO:
            at = (at + ONE) & last
        store8(arrivals, first + at, (what << HALF) | records[i])


@inlined
def find(memo, last, key):
    """The value of ``key``; 0 if there is none. A memo is 2^n pairs (key + 1, value)."""
    at = mix(key) & last
    key += ONE
    while True:
        have = load8(memo, at << ONE)
        if have == key:
            return load8(memo, (at << ONE) | ONE)
        if have == ZERO:
            return ZERO
        at = (at + ONE) & last


@compiled
def put(memo, last, key, value):
    """Set the value of ``key``; 1 if it had none."""
    at = mix(key) & last
    key += ONE
    while True:
        have = load8(memo, at << ONE)
        if have == ZERO:
            store8(memo, at << ONE, key)
        if have == ZERO or have == key:  # noqa: PLR1714, SIM109 (compiled)
            store8(memo, (at << ONE) | ONE, value)
            return 1 if have == ZERO else 0
        at = (at + ONE) & last


@compiled
def put_all(memo, last, keys, values):
    """Set the values of many keys; how many had none."""
    new = 0
    for i in range(keys.size):
        new += put(memo, last, keys[i], values[i])
    return new


@compiled
def rehash(old, new, last):
    """Put everything of the array ``old`` of pairs into a memo."""
    for i in range(0, old.size, 2):
        if old[i] != ZERO:
            put(new, last, old[i] - ONE, old[i + 1])


# Bags


@compiled
def intern_bag(cons, last, bags, capacity, count, row, stack):
    """The id of the bag of sorted messages in ``row``; it and all its parts get one.

    ``row`` and ``stack`` are addresses: a length and messages, and room for such a row for each
    length. ``cons`` gives the id of a bag and one more message that is not less than any in it.
    The tables must have room for 2^capacity more bags. (Id, number of bags.)
    """
    width = capacity + capacity + ONE
    bag = ZERO
    i = ZERO
    while i < load4(row, ZERO):
        key = (bag << HALF) | load4(row, i + ONE)
        have = find(cons, last, key)
        i += ONE
        if have == ZERO:
            have = count
            count += ONE
            put(cons, last, key, have)
            base = have * width
            store4(bags, base, i)
            j = ZERO
            while j < i:
                j += ONE
                store4(bags, base + j, load4(row, j))
            # What is left without each; these parts are shorter
            j = ZERO
            while j < i:
                j += ONE
                part = stack + (i * (capacity + ONE) << TWO)
                store4(part, ZERO, i - ONE)
                k, m = ZERO, ZERO
                while m < i:
                    m += ONE
                    if m != j:
                        k += ONE
                        store4(part, k, load4(row, m))
                rest, count = intern_bag(cons, last, bags, capacity, count, part, stack)
                store4(bags, base + capacity + j, rest)
        bag = have
    return bag, count


@inlined
def insert(row, n, message):
    """Insert a message into the sorted messages of ``row``, of which there are ``n``."""
    j = n
    while j > ZERO and load4(row, j) > message:
        store4(row, j + ONE, load4(row, j))
        j -= ONE
    store4(row, j + ONE, message)


@compiled
def grow_bags(
    cons,
    last,
    bags,
    capacity,
    count,
    pushes,
    pushes_last,
    ages,
    aged,
    kinds,
    asks,
    done,
    room,
    stack,
):
    """Resolve the misses of bags from the one at ``done`` on, while there is ``room``.

    (Number of bags, number resolved.)
    """
    width = capacity + capacity + ONE
    row = stack
    while done < kinds.size and count + (ONE << capacity) < room:
        ask = asks[done]
        if kinds[done] == PUSH:
            base = (ask >> HALF) * width
            n = load4(bags, base)
            i = ZERO
            while i < n:
                i += ONE
                store4(row, i, load4(bags, base + i))
            insert(row, n, ask & LOW)
            store4(row, ZERO, n + ONE)
            bag, count = intern_bag(cons, last, bags, capacity, count, row, stack)
            put(pushes, pushes_last, ask, bag + ONE)
        else:
            base = ask * width
            i, n = ZERO, ZERO
            while i < load4(bags, base):
                i += ONE
                later = load4(aged, load4(bags, base + i))
                if later != ZERO:
                    insert(row, n, later - ONE)
                    n += ONE
            store4(row, ZERO, n)
            bag, count = intern_bag(cons, last, bags, capacity, count, row, stack)
            store4(ages, ask, bag + ONE)
        done += 1
    return count, done


# Successors


@inlined
def bag_at(key, place, q_bits):
    """The bag of the link at a place of the key, counted from the lowest."""
    return (key >> (place * q_bits)) & ((ONE << q_bits) - ONE)


@inlined
def noticed(p, key, watch, route):
    """1 if an end of this ``watch`` notices a message on one of its links, else 0."""
    row, bags, marks, routes = watch * p[MARK_ROW], p[BAGS], p[MARKS], p[ROUTES]
    width = p[CAPACITY] + p[CAPACITY] + ONE
    side = ONE
    while side <= TWO:
        links = load4(routes, route)
        while links != ZERO:
            links -= ONE
            route += ONE
            bag = bag_at(key, load4(routes, route), p[BAG_BITS]) * width
            i, n = ZERO, load4(bags, bag)
            while i < n:
                i += ONE
                if load1(marks, row + load4(bags, bag + i)) & side:
                    return ONE
        route += ONE
        side += ONE
    return ZERO


@inlined
def sight_of(p, key, host, look, me, route):
    """What a component that looks sees: a number of each other end, and what it notices."""
    ends, e_bits = p[ENDS], p[END_BITS]
    field = p[SIGHT_FIELD]
    at = p[LINKS] * p[BAG_BITS] + ends * e_bits
    sight, other = ZERO, ZERO
    while other < ends:
        at -= e_bits
        if other != host:
            end = (key >> at) & ((ONE << e_bits) - ONE)
            sight = (sight << field) | load4(p[SEEN], end)
        other += ONE
    sight <<= ONE
    if look == THREE:
        sight |= noticed(p, key, load4(p[WATCHES], me), route)
    return sight


@inlined
def mirrored(p, key):
    """The key of the state of two components and two links with the components swapped."""
    e, q = p[END_BITS], p[BAG_BITS]
    ends, bags = key >> (q + q), key & ((ONE << (q + q)) - ONE)
    ends = (ends >> e) | ((ends & ((ONE << e) - ONE)) << e)
    bags = (bags >> q) | ((bags & ((ONE << q) - ONE)) << q)
    return (ends << (q + q)) | bags


@inlined
def ends_of(p, key):
    """The ends of a state, as a key of JUDGED: fields of equal width whatever END_BITS is."""
    ends, e_bits = p[ENDS], p[END_BITS]
    field = p[FIELD]
    key >>= p[LINKS] * p[BAG_BITS]
    found, at = ZERO, ZERO
    while ends != ZERO:
        ends -= ONE
        found |= (key & ((ONE << e_bits) - ONE)) << at
        key >>= e_bits
        at += field
    return found


@compiled
def all_ends_of(p, keys, found):
    """Write the ends of many states to ``found``."""
    for i in range(keys.size):
        found[i] = ends_of(p, keys[i])


@compiled
def note(miss, stat, kind, what):
    """Note a miss."""
    n = load8(stat, U8(MISSES))
    store8(miss, n, kind)
    store8(miss, n + ONE, what)
    store8(stat, U8(MISSES), n + TWO)


CALL, DELIVERY, DUPLICATE_DELIVERY, LOSS, CLOCK = range(5)
"""What a transition is."""
PLACE_BITS, MOVE_BITS, NAME_BITS = 5, 12, 22
"""Fields of its label, the last for a record's number and for a message's."""


@inlined
def label(number, message, move, kind, place):
    """A transition as a word: its record's number, the message, which move of the record, the place
    of the link in the key (of a call, the component), and the kind."""
    word = (((number << U8(NAME_BITS)) | message) << U8(MOVE_BITS)) | move
    return (((word << U8(PLACE_BITS)) | place) << THREE) | U8(kind)


@inlined
def successors(p, key, buf, n, used, miss, stat, labels):
    """Append to ``buf`` from ``n`` on the keys that ``key`` steps to, one for each transition.

    What each transition is goes to the same place of ``labels``, unless that is 0.

    (n, number of records used, busy): the records used are in ``used``; ``busy`` has a bit for each
    check of rest for which the state is not at rest. LOW records used: something was missing.
    """
    ends, links, e_bits, q_bits = p[ENDS], p[LINKS], p[END_BITS], p[BAG_BITS]
    e_mask, q_mask = (ONE << e_bits) - ONE, (ONE << q_bits) - ONE
    capacity = p[CAPACITY]
    width = capacity + capacity + ONE
    top = links * q_bits + ends * e_bits
    records, bags, routes = p[RECORDS], p[BAGS], p[ROUTES]
    pushes, pushes_last = p[PUSHES], p[PUSHES + 1]
    rows, arrivals = p[ROWS], p[ARRIVALS]
    duplicate, lose = p[DUPLICATE], p[LOSE]
    busy = ZERO
    ok = True
    nu = ZERO
    narrow = capacity < p[IN_FLIGHT]  # else no bag is full before all are
    spare = p[IN_FLIGHT]  # how many more may be in flight
    at = links * q_bits
    while at != ZERO:
        at -= q_bits
        spare -= load4(bags, ((key >> at) & q_mask) * width)
    host, me_at, route = ZERO, top, ZERO
    while host < ends:
        me_at -= e_bits
        me = (key >> me_at) & e_mask
        outs, route = route, route + load4(routes, route) + ONE
        ins, route = route, route + load4(routes, route) + ONE
        who = host
        host += ONE
        sight = ZERO
        look = load1(p[LOOKS], me)
        if look != ZERO:
            sight = sight_of(p, key, who, look, me, outs)
        ask = ((who | (sight << U8(WHO_BITS))) << HALF) | me
        actor = find(p[ACTORS], p[ACTORS + 1], ask)
        if actor == ZERO:
            note(miss, stat, ACTOR, ask)
            ok = False
            continue
        row = load8(rows, actor >> HALF)
        record = actor & LOW
        number = load4(records, record)
        store8(used, nu, number)
        nu += ONE
        moves = load4(records, record + ONE)
        at = record + TWO
        rest = key - (me << me_at)
        first_out = load4(routes, outs + ONE) * q_bits
        move = ZERO
        while move < moves:
            move += ONE
            after = rest | (load4(records, at) << me_at)
            busy |= load4(records, at + ONE)
            sends = load4(records, at + TWO)
            at += THREE
            room = spare
            while sends != ZERO:
                sends -= ONE
                sent = load4(records, at)
                at += ONE
                out = first_out
                if sent > MESSAGE:
                    out = load4(routes, outs + ONE + (sent >> WAY)) * q_bits
                bag = (after >> out) & q_mask
                if room != ZERO and (not narrow or load4(bags, bag * width) < capacity):
                    ask = (bag << HALF) | (sent & MESSAGE)
                    more = find(pushes, pushes_last, ask)
                    if more == ZERO:
                        note(miss, stat, PUSH, ask)  # one for each move: there is room
                        ok = False
                        at += sends
                        sends = ZERO
                    else:
                        after += (more - ONE - bag) << out
                        room -= ONE
            store8(buf, n, after)
            if labels != ZERO:
                store8(labels, n, label(number, ZERO, move, CALL, who))
            n += ONE
        # Deliveries, duplicates and losses
        way = ZERO
        while way < load4(routes, ins):
            link = load4(routes, ins + ONE + way)
            from_way = way << WAY
            way += ONE
            in_at = link * q_bits
            in_bag = (key >> in_at) & q_mask
            in_row = in_bag * width
            waiting = load4(bags, in_row)
            before = LOW
            i = ZERO
            while i < waiting:
                i += ONE
                message = load4(bags, in_row + i)
                if message == before:
                    continue
                before = message
                taken = (in_bag - load4(bags, in_row + capacity + i)) << in_at
                if lose:
                    store8(buf, n, key - taken)
                    if labels != ZERO:
                        store8(labels, n, label(ZERO, message, ZERO, LOSS, link))
                    n += ONE
                    busy |= p[BUSY_LOSE]
                record = find_in(arrivals, row, from_way | message)
                if record == ZERO:
                    note(miss, stat, ARRIVAL, (actor >> HALF << HALF) | from_way | message)
                    ok = False
                    continue
                number = load4(records, record)
                store8(used, nu, number)
                nu += ONE
                moves = load4(records, record + ONE)
                at = record + TWO
                move = ZERO
                while move < moves:
                    move += ONE
                    after = rest | (load4(records, at) << me_at)
                    sends = load4(records, at + TWO)
                    at += THREE
                    room = spare + ONE
                    kept = after  # where the message stays in flight there is room for one less
                    while sends != ZERO:
                        sends -= ONE
                        sent = load4(records, at)
                        at += ONE
                        out = first_out
                        if sent > MESSAGE:
                            out = load4(routes, outs + ONE + (sent >> WAY)) * q_bits
                        bag = (after >> out) & q_mask
                        if room != ZERO and (not narrow or load4(bags, bag * width) < capacity):
                            ask = (bag << HALF) | (sent & MESSAGE)
                            more = find(pushes, pushes_last, ask)
                            if more == ZERO:
                                note(miss, stat, PUSH, ask)
                                ok = False
                                at += sends
                                sends = ZERO
                            else:
                                after += (more - ONE - bag) << out
                                room -= ONE
                                if room != ZERO:
                                    kept = after
                    store8(buf, n, after - taken)
                    if labels != ZERO:
                        store8(labels, n, label(number, message, move, DELIVERY, link))
                    n += ONE
                    busy |= p[BUSY_DELIVER]
                    if duplicate:
                        store8(buf, n, kept)
                        if labels != ZERO:
                            what = label(number, message, move, DUPLICATE_DELIVERY, link)
                            store8(labels, n, what)
                        n += ONE
                        busy |= p[BUSY_DUPLICATE]
    if p[TIMED]:
        later = ZERO
        going = True
        at = top
        while at != links * q_bits:
            at -= e_bits
            end = (key >> at) & e_mask
            older = load4(p[TICKS], end)
            if older == ZERO:
                note(miss, stat, TICK, end)
                ok = False
            if older <= U8(BLOCKED):
                going = False
            later = (later << e_bits) | (older - TWO)
        while going and at != ZERO:
            at -= q_bits
            bag = (key >> at) & q_mask
            older = load4(p[AGES], bag)
            if older == ZERO:
                note(miss, stat, AGE, bag)
                ok = False
            later = (later << q_bits) | (older - ONE)
        if going and ok and later != key:
            store8(buf, n, later)
            if labels != ZERO:
                store8(labels, n, label(ZERO, ZERO, ZERO, CLOCK, ZERO))
            n += ONE
            busy |= p[BUSY_TICK]
    return n, (nu if ok else LOW), busy


# The visited set

DISTANCE_BITS = U8(5)
FARTHEST = 31
"""An entry is less than so many buckets from its own; the greatest distance of all stays unused,
so that no entry plus one overflows."""


@inlined
def scramble(key, bits):
    """A bijection of the keys of so many bits."""
    mask = U8(0xFFFFFFFFFFFFFFFF) >> (U8(64) - bits)
    shift = (bits + ONE) >> ONE
    key = (key * U8(0x9E3779B97F4A7C15)) & mask
    key ^= key >> shift
    key = (key * U8(0xBF58476D1CE4E5B9)) & mask
    return key ^ (key >> shift)


@inlined
def unscramble(key, bits):
    """Its inverse."""
    mask = U8(0xFFFFFFFFFFFFFFFF) >> (U8(64) - bits)
    shift = (bits + ONE) >> ONE
    key ^= key >> shift
    key = (key * U8(0x96DE1B173F119089)) & mask
    key ^= key >> shift
    return (key * U8(0xF1DE83E19937733D)) & mask


@inlined
def fingerprint(key, bits):
    """So many bits of a hash of a key (splitmix64's finisher)."""
    key += U8(0x9E3779B97F4A7C15)
    key = (key ^ (key >> U8(30))) * U8(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> U8(27))) * U8(0x94D049BB133111EB)
    return (key ^ (key >> U8(31))) >> (U8(64) - bits)


@inlined
def enter(table, wide, last, rest_bits, scrambled):
    """Enter a scrambled key: 1 if it is new, 0 if it was there, 2 if there is no room near."""
    log = THREE if wide else U8(4)
    home = scrambled >> rest_bits
    rest = scrambled & ((ONE << rest_bits) - ONE)
    for distance in range(FARTHEST):
        entry = ((rest << DISTANCE_BITS) | U8(distance)) + ONE
        bucket = (home + U8(distance)) & last
        line = table + (bucket << U8(6))
        while True:
            seen = look8(line, entry) if wide else look4(line, entry)
            if seen & LOW != ZERO:
                return 0
            if seen == ZERO:
                break  # full
            at = (bucket << log) | lowest(seen >> HALF)
            have = fill8(table, at, entry) if wide else fill4(table, at, entry)
            if have == ZERO:
                return 1
            # Another thread was faster: look again
    return 2


@inlined
def recode(key, ends, links, e, q, e2, q2):
    """A key with other widths of its fields."""
    found = ZERO
    at = ends * e + links * q
    while at != links * q:
        at -= e
        found = (found << e2) | ((key >> at) & ((ONE << e) - ONE))
    while at != ZERO:
        at -= q
        found = (found << q2) | ((key >> at) & ((ONE << q) - ONE))
    return found


@compiled
def recode_all(keys, old, new):
    """Recode an array of keys in place, from a layout given by its parameters to another's."""
    ends, links = old[ENDS], old[LINKS]
    e, q, e2, q2 = old[END_BITS], old[BAG_BITS], new[END_BITS], new[BAG_BITS]
    for i in range(keys.size):
        keys[i] = recode(keys[i], ends, links, e, q, e2, q2)


@inlined
def key_at(p, at):
    """The scrambled key at a place of the visited set, + 1; 0 if none is there."""
    have = load8(p[TABLE], at) if p[WIDE] else load4(p[TABLE], at)
    if have == ZERO:
        return ZERO
    have -= ONE
    home = ((at >> (THREE if p[WIDE] else U8(4))) - (have & ((ONE << DISTANCE_BITS) - ONE))) & p[
        LAST_BUCKET
    ]
    return ((home << p[REST_BITS]) | (have >> DISTANCE_BITS)) + ONE


@compiled
def move(old, new):
    """Enter all of a set, given by its parameters, into one of wider keys; how many failed to."""
    ends, links = old[ENDS], old[LINKS]
    e, q, e2, q2 = old[END_BITS], old[BAG_BITS], new[END_BITS], new[BAG_BITS]
    table, wide, last, rest_bits = new[TABLE], new[WIDE] != ZERO, new[LAST_BUCKET], new[REST_BITS]
    failed = 0
    places = (old[LAST_BUCKET] + ONE) << (THREE if old[WIDE] else U8(4))
    at = ZERO
    while at < places:
        scrambled = key_at(old, at)
        at += ONE
        if scrambled != ZERO:
            key = unscramble(scrambled - ONE, old[KEY_BITS])
            scrambled = scramble(recode(key, ends, links, e, q, e2, q2), new[KEY_BITS])
            if enter(table, wide, last, rest_bits, scrambled) == 2:
                failed += 1
    return failed


@compiled
def spread(old, new, counts, lo, hi):
    """Enter buckets ``lo`` up to ``hi`` of a set of the same keys into one with more buckets.

    How many failed to. Old buckets and new ones are in the same order, so that this runs through
    both once. ``counts``, zeroed, has a byte for each new bucket: places fill from the first.
    Two threads may do this at once if ``APART`` buckets lie between what they do.
    """
    table, wide, last, rest_bits = new[TABLE], new[WIDE] != ZERO, new[LAST_BUCKET], new[REST_BITS]
    log = THREE if wide else U8(4)
    failed = 0
    old_log = THREE if old[WIDE] else U8(4)
    at, places = U8(lo) << old_log, U8(hi) << old_log
    while at < places:
        scrambled = key_at(old, at)
        at += ONE
        if scrambled == ZERO:
            continue
        scrambled -= ONE
        bucket = scrambled >> rest_bits
        distance = ZERO
        while counts[bucket] >> log:
            bucket = (bucket + ONE) & last
            distance += ONE
        if distance >= U8(FARTHEST):
            failed += 1
            continue
        entry = (((scrambled & ((ONE << rest_bits) - ONE)) << DISTANCE_BITS) | distance) + ONE
        place = (bucket << log) | U8(counts[bucket])
        if wide:
            store8(table, place, entry)
        else:
            store4(table, place, entry)
        counts[bucket] += 1
    return failed


APART = 2 * (FARTHEST + 1)
"""An entry lies less than FARTHEST after its own bucket, in the old set and in the new one."""


# One stretch of a level


@inlined
def admit_all(p, buf, keys, n, out, unjudged, stat):
    """See ``admit``; in ``buf`` the keys are scrambled already, or fingerprints of ``keys``.

    Where there is no table, all keys count as new: others will tell (``sorted``).
    """
    spilled, decided = ZERO, ZERO
    bits = p[KEY_BITS]
    new, waiting = stat[NEW], stat[UNJUDGED]
    judged, judged_last, verdicts = p[JUDGED], p[JUDGED + 1], p[VERDICTS]
    compact, judging = p[COMPACT] != ZERO, p[JUDGING] != ZERO
    table, wide, last, rest_bits = p[TABLE], p[WIDE] != ZERO, p[LAST_BUCKET], p[REST_BITS]
    j = ZERO
    while j < n:
        scrambled = load8(buf, j)
        entered = enter(table, wide, last, rest_bits, scrambled) if table != ZERO else 1
        at = j
        j += ONE
        if entered == 1:
            key = load8(keys, at) if compact else unscramble(scrambled, bits)
            out[new] = key
            new += ONE
            if judging:
                ends = ends_of(p, key)
                verdict = find(judged, judged_last, ends)
                if verdict == ZERO:
                    unjudged[waiting] = ends
                    waiting += ONE
                else:
                    decided |= load8(verdicts, verdict << ONE)
        elif entered == 2:
            key = load8(keys, at) if compact else unscramble(scrambled, bits)
            store8(buf, spilled, key)
            spilled += ONE
    stat[NEW], stat[UNJUDGED], stat[SPILLED] = new, waiting, spilled
    stat[DECIDED] |= decided


@compiled
def admit(p, buf, keys, n, out, unjudged, stat):
    """Enter the keys of ``buf[:n]``; append what is new to ``out``.

    What finds no room is left at the start of ``buf`` (``stat[SPILLED]``); ends on which there
    is no verdict yet go to ``unjudged``.
    """
    bits = p[KEY_BITS]
    j = ZERO
    while j < n:
        key = load8(buf, j)
        store8(keys, j, key)
        store8(buf, j, fingerprint(key, p[COMPACT]) if p[COMPACT] else scramble(key, bits))
        j += ONE
    admit_all(p, buf, keys, n, out, unjudged, stat)


@compiled
def visit(
    p, cur, lo, out, buf, keys, room, recent, used, counts, miss, unjudged, aside, stat, stat_at
):
    """Expand ``cur[lo:]``; append what is new to ``out``.

    Ends early, with ``stat[AT]`` telling where, if a buffer might overflow. States that met
    something missing are put in ``aside``. ``buf`` and ``keys`` have ``room`` words.
    """
    bits = p[KEY_BITS]
    table, rest_bits, fan, mirror = p[TABLE], p[REST_BITS], p[FAN], p[MIRROR]
    judged, judged_last, verdicts = p[JUDGED], p[JUDGED + 1], p[VERDICTS]
    all_busy, compact = p[ALL_BUSY], p[COMPACT]
    i, hi = U8(lo), U8(cur.size)
    transitions, rested = ZERO, ZERO
    # What one state may need less
    misses = U8(miss.size) - U8(4) * (fan + p[ENDS] + p[LINKS])
    miss_at = U8(miss.ctypes.data)
    recents, last_recent = U8(recent.ctypes.data), U8(recent.size - 1)
    while i < hi and stat[SPILLED] == ZERO:
        # Buffers must have room for all that one batch may bring
        if stat[NEW] + room > U8(out.size) or stat[UNJUDGED] + room > U8(unjudged.size):
            break
        if stat[ASIDE] + room > U8(aside.size) or stat[MISSES] > misses:
            break
        n = ZERO
        while i < hi and n + fan <= room and stat[MISSES] <= misses:
            key = cur[i]
            i += ONE
            store8(recents, mix(key) & last_recent, key)  # many steps change nothing
            first = n
            n, nu, busy = successors(p, key, buf, n, used, miss_at, stat_at, ZERO)
            if nu == LOW:
                n = first
                aside[stat[ASIDE]] = key
                stat[ASIDE] += ONE
                continue
            transitions += n - first
            j = ZERO
            while j < nu:
                counts[load8(used, j)] += ONE
                j += ONE
            if busy != all_busy:
                verdict = find(judged, judged_last, ends_of(p, key))
                rested |= load8(verdicts, (verdict << ONE) | ONE) & ~busy
        m, j = ZERO, ZERO
        while j < n:
            key = load8(buf, j)
            j += ONE
            if mirror:
                key = min(key, mirrored(p, key))
            line = mix(key) & last_recent
            if load8(recents, line) != key:
                store8(recents, line, key)
                hashed = fingerprint(key, compact) if compact else scramble(key, bits)
                prefetch(table + ((hashed >> rest_bits) << U8(6)))
                store8(buf, m, hashed)
                if compact:
                    store8(keys, m, key)
                m += ONE
        admit_all(p, buf, keys, m, out, unjudged, stat)
    stat[AT] = i
    stat[TRANSITIONS] += transitions
    stat[RESTED] |= rested


# The way back


@compiled
def select(p, cur, wanted, wanted_last, buf, used, miss, stat, out):
    """Write to ``out`` the states of ``cur`` with a step to a key of the memo ``wanted``."""
    found = 0
    for i in range(cur.size):
        n, nu, _ = successors(p, cur[i], buf, ZERO, used, miss, stat, ZERO)
        if nu == LOW:  # it was not expanded: a limit ended the search
            store8(stat, U8(MISSES), ZERO)
            continue
        j = ZERO
        while j < n:
            key = load8(buf, j)
            j += ONE
            if p[MIRROR]:
                key = min(key, mirrored(p, key))
            if find(wanted, wanted_last, key) != ZERO:
                out[found] = cur[i]
                found += 1
                break
    return found


@compiled
def deciding(p, cur, bit, rests, buf, used, miss, stat, out):
    """Write to ``out`` the states of ``cur`` that decide the check ``bit``."""
    found = 0
    for i in range(cur.size):
        verdict = find(p[JUDGED], p[JUDGED + 1], ends_of(p, cur[i]))
        mask = load8(p[VERDICTS], (verdict << ONE) | rests) & bit
        if rests != ZERO:
            _, nu, busy = successors(p, cur[i], buf, ZERO, used, miss, stat, ZERO)
            mask &= ~busy
            if nu == LOW:
                store8(stat, U8(MISSES), ZERO)
                mask = ZERO
        if mask != ZERO:
            out[found] = cur[i]
            found += 1
    return found


# All edges


@compiled
def degrees(p, keys, buf, used, miss, stat, out):
    """Write to ``out`` how many steps each state of ``keys`` has."""
    for i in range(keys.size):
        n, _, _ = successors(p, keys[i], buf, ZERO, used, miss, stat, ZERO)
        out[i] = n


@compiled
def edges(p, keys, ordered, numbers, buf, used, miss, stat, labels, first, targets, names):
    """Write the steps of each state: to which state, numbered, and what it is.

    ``ordered`` are the keys of all states, ascending, and ``numbers`` their numbers; the steps of
    ``keys[i]`` go to ``targets[first[i]:]`` and ``names[first[i]:]``.
    """
    for i in range(keys.size):
        n, _, _ = successors(p, keys[i], buf, ZERO, used, miss, stat, labels)
        j = ZERO
        while j < n:
            key = load8(buf, j)
            if p[MIRROR]:
                key = min(key, mirrored(p, key))
            at = U8(first[i]) + j
            targets[at] = numbers[np.searchsorted(ordered, key)]
            names[at] = load8(labels, j)
            j += ONE
