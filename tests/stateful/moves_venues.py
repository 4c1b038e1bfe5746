"""Pools, wrapped longs, and money that backs losses."""

from __future__ import annotations

from tests.stateful.moves_base import BACKERS, TRADERS, UNIT, Base, Move
from tests.stateful.village import DAY, WAD, Step


class Venues(Base):
    """Pool, router, wrapped longs."""

    def pool_moves(self) -> Move:
        rng, who = self.rng, self.pick(TRADERS)
        backer = self.pick(BACKERS)
        choice = rng.random()
        if choice < 0.2:
            amount = rng.randint(100, 20_000) * 10**6
            yield Step(backer, "pool_shares_0.request_deposit", (amount,))
            yield Step("keeper", "~wait", (61,))
            yield Step("keeper", "pool_shares_0.process", (32, 32))
        elif choice < 0.3:
            shares = int(
                self.village.units["pool_shares_0"].balanceOf(self.village.addresses[backer])
            )
            yield Step(backer, "pool_shares_0.request_exit", (max(shares // 2, 1),))
        elif choice < 0.4:
            yield Step("keeper", "pool_shares_0.process", (32, 32))
            yield Step(backer, "pool_shares_0.collect", (f"@{backer}",))
        elif choice < 0.5:
            yield Step("keeper", "pool_0.look", (tuple(self.next_expiries()[:3]),))
            yield Step("keeper", "pool_0.record", ())
        elif choice < 0.56:
            expiry = self.next_expiries()[0]
            strike = 25 * round(self.spot / 25) * WAD
            yield Step(who, "pool_0.hedge", (f"#{who}", expiry, strike, rng.choice([WAD, -WAD])))
        else:
            code = self.series(0).code
            quantity = rng.choice([WAD, WAD // 2, -WAD, 5 * WAD])
            if rng.random() < 0.7:
                args: tuple = (f"#{who}", code, quantity, 2**255 - 1)
                receipt = yield Step(who, "pool_0.trade", args)
            else:
                legs, pools = ((code, quantity),), ("@pool_0",)
                yield Step(who, "operators.set_operator", ("@router", True))
                args = (f"#{who}", legs, pools, (), 2**255 - 1, True)
                receipt = yield Step(who, "router.route", args)
            if receipt.ok and code not in self.codes:
                self.codes.append(code)

    def longs(self) -> Move:
        longs = [
            (self.name(n), code, quantity)
            for n, held in self.view.positions.items()
            if self.village.accounts.get(n, "")[1:] in TRADERS
            for code, quantity in held.items()
            if quantity > UNIT
        ]
        if not longs:
            return
        name, code, quantity = self.pick(longs)
        who, amount = name[1:], quantity // UNIT // 2 * UNIT
        if self.rng.random() < 0.03:
            yield Step(who, "long_tokens.create_token", (code,))
        yield Step(who, "operators.set_operator", ("@long_tokens", True))
        yield Step(who, "long_tokens.wrap", (name, code, amount, f"@{who}"))
        if self.rng.random() < 0.6:
            yield Step(who, "long_tokens.transfer", ("@bidder", code, amount // 2))
            yield Step("bidder", "long_tokens.unwrap", (code, amount // 4, "#bidder"))
            yield Step("bidder", "long_tokens.redeem", (code, amount // 4))

    def permits(self) -> Move:
        unit = self.pick(("cash_token", "index_token", "security_fund", "votes", "pool_shares_0"))
        owner = self.pick(("backer", "holder", "rival"))
        yield Step("keeper", "~permit", (unit, owner, "@clearinghouse", 10**9))
        if self.rng.random() < 0.3:
            yield Step("keeper", "~delegate", ("holder", "@holder"))

    def backs(self) -> Move:
        rng, who = self.rng, self.pick(BACKERS)
        village, fund = self.village, self.village.units["security_fund"]
        place = f"@{who}"
        shares = int(fund.balanceOf(village.addresses[who]))
        request = fund.requests(village.addresses[who])
        choice = rng.random()
        if choice < 0.35 or not (shares or request[0]):
            amount = rng.randint(1, 600) * 10**6
            if rng.random() < 0.3:
                yield Step(who, "security_fund.mint", (amount * 10**18, place))
            else:
                yield Step(who, "security_fund.deposit", (amount, place))
        elif choice < 0.6 and shares:
            part = max(shares // rng.choice([1, 2, 5]), 1)
            yield Step(who, "security_fund.request_redeem", (part,))
            if rng.random() < 0.5:
                yield Step("keeper", "~wait", (7 * DAY,))
                part = int(rng.choice([1, 0.5]) * part)
                yield Step(who, "security_fund.redeem", (part, place, place))
        elif choice < 0.85 and request[0]:
            assets = int(fund.convertToAssets(int(request[0]) // 2))
            yield Step(who, "security_fund.withdraw", (assets, place, place))
        elif choice < 0.92:
            yield Step(who, "security_fund.cancel_request", ())
        else:
            yield Step(who, "security_fund.transfer", ("@rival", shares // 3))
            yield Step(who, "security_fund.approve", ("@rival", shares))
            yield Step("rival", "security_fund.transferFrom", (place, "@rival", shares // 3))
