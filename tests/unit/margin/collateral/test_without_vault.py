"""An asset that is no vault share has no rate."""

from tests.margin_world import NOBODY, MarginWorld, wad


def test_rate_of_what_is_no_vault_share(world: MarginWorld) -> None:
    world.engine.set_collateral(1, 1, wad(0.8), wad(0.9), NOBODY, sender=world.owner)
    assert world.engine.rate_of(1) == 0
    assert world.engine.rate_of(2) == 0
