"""Words in memory, by address: what compiled loops need and numba does not offer.

Arrays that are handed about in compiled code have their references counted, with atomic
instructions, at every call; addresses do not. An address is that of a numpy array's first item
(``address``), which the caller keeps alive; an index counts items; loads extend with zeros.
Order between different words is not promised (``monotonic``): an entry of the visited set,
the only thing that threads share, is one word that is written once.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def address(array: np.ndarray[Any, Any]) -> np.uint64:
    """Where the array's items begin."""
    return np.uint64(array.ctypes.data)


def _pointer(builder: Any, base: Any, index: Any, bits: int) -> Any:
    return builder.gep(builder.inttoptr(base, ir.IntType(bits).as_pointer()), [index])


def _load(bits: int) -> Any:
    def load(typing: Any, base: Any, index: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            value = builder.load(_pointer(builder, args[0], args[1], bits))
            return value if bits == 64 else builder.zext(value, ir.IntType(64))

        return types.uint64(types.uint64, types.uint64), code

    return intrinsic(load)


def _store(bits: int) -> Any:
    def store(typing: Any, base: Any, index: Any, value: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            word = args[2] if bits == 64 else builder.trunc(args[2], ir.IntType(bits))
            builder.store(word, _pointer(builder, args[0], args[1], bits))
            return context.get_dummy_value()

        return types.void(types.uint64, types.uint64, types.uint64), code

    return intrinsic(store)


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

    return intrinsic(swap)


load1, load4, load8 = _load(8), _load(32), _load(64)
store4, store8 = _store(32), _store(64)
fill4, fill8 = _swap(32), _swap(64)
"""Put a value where 0 is, by compare-and-swap; what was there, which is 0 if it was put."""


@intrinsic
def prefetch(typing: Any, at: Any) -> Any:
    """Have the line at an address fetched, to be written soon."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        word, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [builder.inttoptr(args[0], byte), word(1), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(types.uint64), code


def _match(lanes: int, bits: int) -> Any:
    def match(typing: Any, line: Any, value: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            item = ir.IntType(bits)
            kind = ir.VectorType(item, lanes)
            load = builder.load(builder.inttoptr(args[0], kind.as_pointer()))
            load.align = 64
            word = args[1] if bits == 64 else builder.trunc(args[1], item)
            one = builder.insert_element(ir.Constant(kind, ir.Undefined), word, ir.IntType(32)(0))
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
            all_ = builder.shuffle_vector(one, one, zeros)
            equal = builder.icmp_unsigned("==", load, all_)
            return builder.zext(builder.bitcast(equal, ir.IntType(lanes)), ir.IntType(64))

        return types.uint64(types.uint64, types.uint64), code

    return intrinsic(match)


match4, match8 = _match(16, 32), _match(8, 64)
"""Which of the 16 words of 32 bits (8 of 64) in the line at an address equal a value, as bits."""


@intrinsic
def first_bit(typing: Any, word: Any) -> Any:
    """The place of the lowest bit of a word that is not 0."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.IntType(1)(1))

    return types.uint64(types.uint64), code
