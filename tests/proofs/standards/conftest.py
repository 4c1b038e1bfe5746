"""Every contract here that claims a standard of tokens or vaults, with people who hold some of it.

A suite is written once, from the text of its standard, and runs over all that claim it; what a
claimant needs beside the standard (a notice before shares may be redeemed, say) is told here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boa
import pytest
from eth_account import Account as Keys
from eth_utils import keccak

from novate.deploy import compiled
from novate.liquidity import VAULTS, Pool
from tests.world import DAY, World, liquid, wad

NOBODY = "0x" + 40 * "0"
UNLIMITED = 2**256 - 1
UNIT = 10**6
# Their keys are known, for permits.
KEYS = [Keys.from_key(keccak(text=f"holder {i}")) for i in range(3)]
PEOPLE = [str(key.address) for key in KEYS]
VAULT_NAMES = ("covered call", "secured put", "protective put", "collar")
ERC4626 = ("YieldVault", "SecurityFund", *VAULT_NAMES)
ERC2612 = ("TestToken", "VoteToken", "PoolShares", *ERC4626)
ERC20 = ("LongToken", *ERC2612)


@dataclass
class Vault:
    """An ERC-4626 and how its assets come and go."""

    vault: Any
    asset: Any
    # Gives a person assets, which the vault may take.
    give: Callable[[str, int], None]
    # Makes all assets of the vault more (or fewer) by nobody's deposit.
    gain: Callable[[int], None]
    # Makes shares of a person redeemable.
    ready: Callable[[str, int], None]


class Tokens(World):
    """A market in which every token of ours exists, and three people who hold some of each."""

    def __init__(self) -> None:
        super().__init__(liquid((Pool(),), VAULTS))
        market = self.market
        self.cash, self.index = market.cash_token, market.index_token
        self.vaults = {name: self._vault(name) for name in ERC4626}
        self.erc20: dict[str, Any] = {name: one.vault for name, one in self.vaults.items()}
        self.erc20["TestToken"] = self.index
        self.index.mint(PEOPLE[0], 5 * 10**18)
        votes = compiled("governance/VoteToken.vy").deploy("Votes", "VOT", 10**24, PEOPLE[0])
        self.erc20["VoteToken"] = votes
        self.erc20["LongToken"] = self._wrapped()
        self.erc20["PoolShares"] = self._pool_shares()
        for name, one in self.vaults.items():
            one.give(PEOPLE[0], 10**8)
            if not one.vault.balanceOf(PEOPLE[0]):
                one.vault.deposit(10**8, PEOPLE[0], sender=PEOPLE[0])
            assert one.vault.balanceOf(PEOPLE[0]) >= 10**8, name

    def _vault(self, name: str) -> Vault:
        market = self.market

        def nothing(owner: str, shares: int) -> None:
            pass

        if name == "SecurityFund":
            fund = market.security_fund

            def bring(amount: int) -> None:
                self.cash.mint(self.owner, amount)
                self.cash.approve(self.ledger.address, UNLIMITED, sender=self.owner)
                self.ledger.deposit(self.ledger.FUND(), 0, amount, sender=self.owner)

            def wait(owner: str, shares: int) -> None:
                fund.request_redeem(shares, sender=owner)
                boa.env.time_travel(seconds=int(fund.DELAY()))

            return Vault(fund, self.cash, self._giver(fund, self.cash), bring, wait)
        if name == "YieldVault":
            vault, asset = market.yield_token, self.index
        else:
            number = VAULT_NAMES.index(name)
            vault = market.contracts[f"vault_{number}"]
            asset = (self.cash, self.index, market.yield_token)[vault.ASSET_INDEX()]

        def gift(amount: int) -> None:
            self._mint(asset, vault.address, amount)

        return Vault(vault, asset, self._giver(vault, asset), gift, nothing)

    def _mint(self, asset: Any, receiver: str, amount: int) -> None:
        if asset.address == self.market.yield_token.address:
            self.index.mint(self.owner, amount)
            self.index.approve(asset.address, UNLIMITED, sender=self.owner)
            asset.mint(amount, receiver, sender=self.owner)
        else:
            asset.mint(receiver, amount)

    def _giver(self, vault: Any, asset: Any) -> Callable[[str, int], None]:
        def give(owner: str, amount: int) -> None:
            self._mint(asset, owner, amount)
            asset.approve(vault.address, UNLIMITED, sender=owner)

        return give

    def _wrapped(self) -> Any:
        """The ERC-20 face of a wrapped put; its ERC-6909 hub stays with the world."""
        writer, holder = self.person("writer", cash=1_000_000), self.person("holder", cash=10_000)
        put = self.market.put(2_700, 7)
        self.novate(self.trade(writer, holder, put, 10, 300))
        self.hub, self.id = self.market.long_tokens, put.code
        arguments = (holder.number, put.code, wad(8), PEOPLE[0])
        self.hub.wrap(*arguments, sender=holder.address)
        self.hub.create_token(put.code)
        return compiled("tokens/LongToken.vy").at(self.hub.token_of(put.code))

    def _pool_shares(self) -> Any:
        shares = self.market.pool_shares_0
        self.cash.mint(PEOPLE[0], 10**6 * UNIT)
        self.cash.approve(shares.address, UNLIMITED, sender=PEOPLE[0])
        shares.request_deposit(10**5 * UNIT, sender=PEOPLE[0])
        boa.env.time_travel(seconds=DAY // 24)
        self.market.push_price(2_750, 0.15)
        shares.process(32, 32)
        return shares


@pytest.fixture(scope="module")
def world() -> Tokens:
    return Tokens()


def events(contract: Any, kind: str) -> list[tuple[Any, ...]]:
    """Arguments of the events of a kind in the last call of a contract."""
    return [tuple(one)[1:] for one in contract.get_logs() if type(one).__name__ == kind]
