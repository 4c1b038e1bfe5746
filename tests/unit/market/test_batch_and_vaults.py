"""The Python side of batch auction and vaults, as a notebook uses it."""

from novate.batch import BatchAuction
from novate.deploy import deploy
from novate.liquidity import COLLAR, SECURED_PUT, VAULTS, Liquidity, Strategy
from novate.market import Market
from novate.parameters import Parameters
from novate.vaults import Vault


def liquid() -> Market:
    return deploy(Parameters(liquidity=Liquidity(on=True)))


def number_of(strategy: Strategy) -> int:
    return [one.strategy for one in VAULTS].index(strategy)


def test_a_batch_with_a_vault_in_it() -> None:
    market = liquid()
    market.travel(600)
    market.push_price(2_750, 0.15)
    batch = BatchAuction(market)
    maker, lender, saver = (market.account(role) for role in ("maker", "lender", "saver"))
    market.fund(maker, 100_000)
    batch.bring(maker, 1_000)
    vault = Vault(batch, number_of(SECURED_PUT))
    vault.bring(saver, 20_000)
    market.travel(3_600)
    market.push_price(2_750, 0.15)
    expiry = market.expiries(4)[2]
    vault.begin(lender, expiry, 500)
    strike = vault.strikes(expiry)[0]
    put = market.series(strike // 10**18, expiry, True)
    bid = batch.buy(maker, put, 5, 40)
    market.travel_to((batch.epoch + 1) * batch.length)
    market.push_price(2_750, 0.15)
    vault.reveal()
    batch.reveal(bid)
    market.travel_to((bid.epoch + 2) * batch.length + batch.window)
    market.push_price(2_750, 0.15)
    buyers, sellers = batch.curves(bid.epoch, put)
    assert buyers == [(40.0, 5.0)] and len(sellers) == 1 and sellers[0][1] > 6
    batch.settle(bid.epoch, [put])
    # More is offered than wanted: the vault's limit is the price.
    assert batch.price(bid.epoch, put) == sellers[0][0]
    assert vault.contract.in_round()
    market.travel_to(expiry - 3_600)
    market.push_price(2_700, 0.15)
    market.travel_to(expiry)
    market.push_price(2_700, 0.15)
    market.settle()
    vault.finish()
    assert vault.contract.totalAssets() > 20_000 * 10**6


def test_strikes_and_orders_by_hand() -> None:
    market = liquid()
    batch = BatchAuction(market)
    collar = Vault(batch, number_of(COLLAR))
    put, call = collar.strikes(market.expiries(4)[2])
    assert put < 2_750 * 10**18 < call
    maker, taker = market.account("maker"), market.account("taker")
    for one in (maker, taker):
        market.fund(one, 50_000)
        batch.bring(one, 1_000)
    series = market.call(2_800, 7)
    orders = [batch.buy(maker, series, 2, 30), batch.sell(taker, series, 2, 20)]
    batch.run(orders, [series])
    assert batch.price(orders[0].epoch, series) == 25
    assert batch.price(orders[0].epoch + 1, series) is None
