"""The compiler of the kernel, which is asked for only where no machine code is kept.

To import numba takes longer than a small search. So a function of the kernel is compiled for given
types of arguments once (``_compile``), its machine code is kept on the disk, and from then on it is
loaded by llvmlite and called by its address (``code``). What is kept saves time, and is never
needed: a disk that is full, a folder that cannot be written or a file of it that was damaged costs
the seconds in which the function is compiled again, and nothing else.
"""

import importlib
from collections.abc import Callable
from functools import cached_property
from typing import Any

from checker.engines.explicit.native import code
from checker.support.errors import ToolProblem

_LETTERS = {"u": "uint64", "i": "int64"}
"""The types of numba that a letter of ``code.kind`` stands for; a capital is an array of them."""


class Later:
    """A module that is imported when something of it is first wanted."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._name), name)


class Intrinsic:
    """A function that writes its own instructions; numba learns of it when it needs it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    @cached_property
    def _numba_type_(self) -> Any:
        from numba.core.registry import cpu_target
        from numba.extending import intrinsic

        made = intrinsic(self._function)
        typing = cpu_target.typing_context
        typing.refresh()
        return typing.resolve_value_type(made)


class Compiled:
    """A function of the kernel. Each combination of types of arguments has machine code of its own.

    Of arguments there are words and arrays of one dimension; what is returned is a word, several,
    or nothing.
    """

    def __init__(self, function: Callable[..., Any], **options: bool) -> None:
        self.function = function
        self._options = options
        self._entries: dict[str, code.Entry] = {}

    def __call__(self, *args: Any) -> Any:
        kinds = "".join(map(code.kind, args))
        entry = self._entries.get(kinds)
        if entry is None:
            entry = self._entries[kinds] = self._entry(kinds)
        return entry(args)

    def _entry(self, kinds: str) -> code.Entry:
        """The machine code for such arguments: what is kept, or made now."""
        kept = code.Kept(self.function, kinds)
        known = kept.read()
        if known is None:
            known = self._compile(kinds)
            kept.write(known)
        return code.Entry(known, kinds)

    @cached_property
    def _numba_type_(self) -> Any:
        """What numba takes this for, where another function calls it."""
        from numba import types

        return types.Dispatcher(self._dispatcher)

    @cached_property
    def _dispatcher(self) -> Any:
        from numba import njit
        from numba.core import config

        if config.DISABLE_JIT:  # type: ignore[attr-defined] # numba sets it when it is imported
            raise ToolProblem(
                "the native engine must be compiled, and NUMBA_DISABLE_JIT forbids it: unset it, "
                "or use --engine explore"
            )
        called_by_address = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        options: dict[str, Any] = {**called_by_address, **self._options}
        return njit(boundscheck=False, nogil=True, **options)(self.function)

    def _compile(self, kinds: str) -> code.Machine:
        from numba import types

        signature = tuple(
            getattr(types, name)[::1] if letter in code.ARRAYS else getattr(types, name)
            for letter in kinds
            for name in [_LETTERS.get(letter) or code.ARRAYS[letter]]
        )
        self._dispatcher.compile(signature)
        made = self._dispatcher.overloads[signature]
        returned = getattr(made.signature.return_type, "types", (made.signature.return_type,))
        letters = {types.none: "", types.uint64: "u", types.int64: "i"}
        returns = "".join(letters[getattr(types, one.name)] for one in returned)
        name = made.fndesc.llvm_func_name
        if foreign := code.needs(made.library.get_llvm_str()):
            raise ValueError(f"{name} needs {sorted(foreign)}, and is to need nothing")
        _, _, (text, _) = made.library.serialize_using_object_code()
        return code.Machine(name, returns, text)


compiled = Compiled


def inlined(function: Callable[..., Any]) -> Compiled:
    """A function whose code is put where it is called."""
    return Compiled(function, forceinline=True)
