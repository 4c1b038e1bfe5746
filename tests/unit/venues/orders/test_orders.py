"""Builders of novate/orders.py; hashes and costs are held to the contract in ../SignedOrders."""

import pytest
from eth_account import Account

from novate import orders
from novate.errors import ParameterError
from novate.orders import MAX_NUMBER, WAD, Domain, Leg

MAKER, TAKER = Account.from_key(b"\x01" * 32), Account.from_key(b"\x02" * 32)
ACCOUNT = int(MAKER.address, 16) << 96 | 3
DOMAIN = Domain(1, "0x" + 40 * "a")


def legs(*codes: int) -> list[Leg]:
    return [Leg(code, WAD, 5 * WAD) for code in codes]


def test_quote_sorts_legs() -> None:
    order = orders.quote(ACCOUNT, legs(3, 1, 2), nonce=1)
    assert [leg.series for leg in order.legs] == [1, 2, 3]
    assert (order.taker, order.size, order.epoch) == (orders.ANYONE, WAD, 0)


def test_as_tuple_is_the_contracts_struct() -> None:
    order = orders.quote(ACCOUNT, legs(1), nonce=7, size=2, epoch=4, deadline=9)
    assert order.as_tuple() == (ACCOUNT, orders.ANYONE, 2, ((1, WAD, 5 * WAD),), 7, 4, 9)


@pytest.mark.parametrize("codes", [(), (1, 1), tuple(range(9))])
def test_quote_refuses_legs(codes: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError, match="legs = "):
        orders.quote(ACCOUNT, legs(*codes), nonce=1)


@pytest.mark.parametrize("size", [0, -1, MAX_NUMBER + 1])
def test_quote_refuses_size(size: int) -> None:
    with pytest.raises(ParameterError, match="size = "):
        orders.quote(ACCOUNT, legs(1), nonce=1, size=size)


@pytest.mark.parametrize("quantity", [0, MAX_NUMBER + 1, -MAX_NUMBER - 1])
def test_leg_refuses_quantity(quantity: int) -> None:
    with pytest.raises(ParameterError, match="quantity = "):
        Leg(1, quantity, 1)


@pytest.mark.parametrize("price", [-1, MAX_NUMBER + 1])
def test_leg_refuses_price(price: int) -> None:
    with pytest.raises(ParameterError, match="price = "):
        Leg(1, 1, price)


def test_mirror_widens_each_limit_against_itself() -> None:
    order = orders.quote(ACCOUNT, [Leg(1, WAD, 5), Leg(2, -WAD, 5)], nonce=1, deadline=99)
    counter = orders.mirror(order, 77, nonce=2, slippage=6)
    assert [(leg.quantity, leg.price) for leg in counter.legs] == [(-WAD, 0), (WAD, 11)]
    assert (counter.account, counter.taker, counter.deadline) == (77, MAKER.address, 99)


def test_owner_of() -> None:
    assert orders.owner_of(ACCOUNT) == MAKER.address


def test_sign_takes_a_signer_or_a_key() -> None:
    order = orders.quote(ACCOUNT, legs(1), nonce=1)
    signature = orders.sign(order, MAKER, DOMAIN)
    assert signature == orders.sign(order, b"\x01" * 32, DOMAIN)
    assert signature == orders.sign(order, "0x" + "01" * 32, DOMAIN)
    digest = orders.order_hash(order, DOMAIN)
    assert Account._recover_hash(digest, signature=signature) == MAKER.address


def test_cost_refuses_amounts_that_do_not_divide() -> None:
    order = orders.quote(ACCOUNT, [Leg(1, WAD // 2, 5)], nonce=1)
    with pytest.raises(ParameterError, match="amount = 1:"):
        orders.cost(order, 1, spot=lambda _: 0, taker_rate=0)
