"""A position in one word."""

import boa
import pytest

from novate.errors import ParameterError
from novate.series import MAX_QUANTITY, WAD, Series, pack, unpack

CODE = Series(7, 1_517_558_400, 2_700 * WAD, True).code


@pytest.mark.parametrize("quantity", [0, 1, -1, WAD, -WAD, MAX_QUANTITY, -MAX_QUANTITY])
@pytest.mark.parametrize("code", [0, CODE, 2**160 - 1])
def test_round_trip(instruments, code, quantity):
    word = instruments.pack(code, quantity)
    assert word == pack(code, quantity)
    assert instruments.unpack(word) == unpack(word) == (code, quantity)


def test_layout(instruments):
    assert instruments.pack(CODE, -1) == (CODE << 96) + 2**96 - 1


@pytest.mark.parametrize("quantity", [MAX_QUANTITY + 1, -MAX_QUANTITY - 1, 2**255 - 1, 1 - 2**255])
def test_reverts_quantity_too_large(instruments, quantity):
    with boa.reverts("series: quantity too large"):
        instruments.pack(CODE, quantity)
    with pytest.raises(ParameterError, match="quantity"):
        pack(CODE, quantity)


def test_smallest_integer_reverts(instruments):
    # Its absolute value does not exist, so the compiler's own check comes first.
    with boa.reverts():
        instruments.pack(CODE, -(2**255))
