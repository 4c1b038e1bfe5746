"""Which token stands behind an asset."""

from tests.world import World


def test_cash_collateral_and_what_is_not_listed() -> None:
    world = World()
    market = world.market
    assert world.ledger.token_of(0) == market.cash_token.address
    assert world.ledger.token_of(1) == market.index_token.address
    assert int(world.ledger.token_of(200), 16) == 0
