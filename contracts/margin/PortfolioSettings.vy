# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title PortfolioSettings
@license AGPL-3.0-only
@notice What PortfolioMargin does rarely: its owner sets figures, scenarios and collateral, anyone
        moves the reference rate of a vault or looks figures up. Works on the storage of the
        engine, which delegates to it all that it does not answer itself; together they would
        exceed EIP-170.
@dev State in the order of PortfolioMargin.vy.
@custom:trust As PortfolioMargin: the owner sets parameters within hard bounds.
@custom:kill None.
"""

from snekmate.auth import ownable

from . import collateral
from . import portfolio_rules

initializes: ownable
initializes: collateral[ownable := ownable]
initializes: portfolio_rules[ownable := ownable]

exports: (ownable.owner, ownable.transfer_ownership)
exports: (portfolio_rules.set_market, portfolio_rules.parameters_of, portfolio_rules.levels_of)
exports: (portfolio_rules.set_scan_range, portfolio_rules.scan_range_of, portfolio_rules.scan_of)
exports: (collateral.poke, collateral.set_collateral, collateral.collateral_of, collateral.rate_of)


@deploy
def __init__():
    # Its own storage belongs to nobody: it works in that of the engine only.
    ownable.__init__()
    ownable._transfer_ownership(empty(address))
