"""Machine code: made of what the compiler wrote, kept on the disk, loaded and called.

A function is called as numba's functions call each other: an address for what it returns, one for
what it raises (none does), and then its arguments, of which an array is seven words. No array is
counted by what owns it, so that nothing here needs Python.
"""

import ctypes
import hashlib
import importlib.util
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from checker.support.files import cached

ARRAYS = {"U": "uint64", "I": "int64", "W": "uint32", "B": "uint8"}
"""The items of an array, by the letter of its kind."""
_KINDS = {np.dtype(name): letter for letter, name in ARRAYS.items()}
_NEVER = "NRT_MemInfo_call_dtor"
"""What numba calls where the last reference to an array is gone; here nobody counts any."""
_NONE = -2
"""What a function of numba answers that has returned nothing."""


def kind(arg: Any) -> str:
    """A letter for the type of an argument."""
    if isinstance(arg, np.ndarray):
        assert arg.flags.c_contiguous
        return _KINDS[arg.dtype]
    return "u" if isinstance(arg, np.uint64) else "i"


@dataclass(frozen=True, slots=True)
class Machine:
    """Machine code, the name of the function in it, and a letter for each word that it returns."""

    name: str
    returns: str
    text: bytes


@cache
def _processor() -> tuple[str, str, str]:
    """What machine code is for: the system, the processor, and what it can do."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return (
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    )


def _engine() -> Any:
    """What machine code is loaded into. It has the processor's description to itself."""
    triple, cpu, features = _processor()
    target = llvm.Target.from_triple(triple)
    machine = target.create_target_machine(cpu=cpu, features=features, opt=3, jit=True)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def needs(text: str) -> set[str]:
    """The names that a module needs of others, but for one that is never called."""
    module = llvm.parse_assembly(text)
    return {
        one.name
        for one in (*module.functions, *module.global_variables)
        if one.is_declaration and not one.name.startswith("llvm.") and one.name != _NEVER
    }


class Entry:
    """Machine code that was loaded, to be called with arguments of the kinds that it is for."""

    def __init__(self, machine: Machine, kinds: str) -> None:
        llvm.add_symbol(_NEVER, _address(ctypes.CDLL(None).abort))
        # What is loaded stays as long as the engine
        self._engine = _engine()
        self._engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(machine.text))
        self._engine.finalize_object()
        self._arrays = [letter in ARRAYS for letter in kinds]
        words = sum(7 if is_array else 1 for is_array in self._arrays)
        shape = ctypes.CFUNCTYPE(
            ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_uint64] * words
        )
        self._call = shape(self._engine.get_function_address(machine.name))
        self._signed = [letter == "i" for letter in machine.returns]
        self._room = ctypes.c_uint64 * (len(self._signed) + 1)

    def __call__(self, args: tuple[Any, ...]) -> Any:
        words: list[int] = []
        for arg, is_array in zip(args, self._arrays, strict=True):
            if is_array:
                at = arg.__array_interface__["data"][0]
                words += (0, 0, arg.size, arg.itemsize, at, arg.size, arg.itemsize)
            else:
                words.append(int(arg))
        room = self._room()  # the last word is for what would be raised
        at = ctypes.addressof(room)
        status = self._call(at, at + 8 * len(self._signed), *words)
        if status not in (0, _NONE):
            raise RuntimeError(f"the kernel answered {status}")
        found = tuple(
            word - (1 << 64) if signed and word >> 63 else word
            for word, signed in zip(room, self._signed, strict=False)
        )
        return found if len(found) > 1 else found[0] if found else None


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


class Kept:
    """The file of a function's machine code, for arguments of given kinds."""

    def __init__(self, function: Callable[..., Any], kinds: str) -> None:
        self._function, self._kinds = function, kinds

    @cached_property
    def _path(self) -> Path:
        made_of = _source(self._function.__code__.co_filename)
        return cached("native", made_of) / f"{self._function.__name__}-{self._kinds}"

    def read(self) -> Machine | None:
        """What is kept; nothing, if there is no such file or it was damaged."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            digest, head, text = self._path.read_bytes().split(b"\n", 2)
            if digest == _digest(head, text):
                about = json.loads(head)
                return Machine(about["name"], about["returns"], text)
        return None

    def write(self, machine: Machine) -> None:
        """Keep it, if it can be kept."""
        head = json.dumps({"name": machine.name, "returns": machine.returns}).encode()
        whole = b"\n".join((_digest(head, machine.text), head, machine.text))
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
            try:
                part.write_bytes(whole)
                part.replace(self._path)
            finally:
                part.unlink(missing_ok=True)


def _digest(*parts: bytes) -> bytes:
    return hashlib.sha256(b"\n".join(parts)).hexdigest().encode()


@cache
def _source(file: str) -> str:
    """A digest of what the machine code of functions of a file depends on."""
    numba = importlib.util.find_spec("numba")  # which does not import it
    folder = Path(numba.origin).parent if numba and numba.origin else Path()
    here = Path(__file__)
    # The kernel's functions are inlined in those of other files, too
    ours = (here, here.with_name("compiling.py"), here.with_name("kernel.py"))
    sources = [Path(file), *ours, folder / "_version.py"]
    of = (llvmlite.__version__, *_processor())
    texts = [source.read_bytes() for source in sources if source.is_file()]
    return _digest(repr(of).encode(), *texts).decode()[:32]
