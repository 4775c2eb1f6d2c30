"""The compiled loops: the bijection that spreads keys."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.engines.explicit.native import kernel
from tests.helpers.agree import U8


@settings(deadline=None)  # the first call compiles
@given(st.integers(2, 64), st.data())
def test_scrambling_is_a_bijection(bits: int, data: Any) -> None:
    word = data.draw(st.integers(0, 2**bits - 1))
    scrambled = int(kernel.scramble(U8(word), U8(bits)))
    assert 0 <= scrambled < 2**bits
    assert int(kernel.unscramble(U8(scrambled), U8(bits))) == word


@pytest.mark.parametrize("bits", range(2, 13))
def test_scrambling_reaches_every_word(bits: int) -> None:
    assert {int(kernel.scramble(U8(n), U8(bits))) for n in range(1 << bits)} == {*range(1 << bits)}
