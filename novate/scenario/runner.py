"""Plays a path of prices through a deployed market: the main job.

Each bar: the prices are reported to the feeds, accounts are judged, the keeper fixes, settles and
starts auctions, bidders bid while minutes pass, and once a day the traders trade. Everything that
moves money is a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from ..agents import base
from ..agents.base import AccountView, AuctionView, View
from ..agents.hand import Hand, RefusedError
from ..agents.keepers import Bidder, Keeper
from ..agents.maker import MarketMaker
from ..data import Bar
from ..market import INDEX, Account, Health, Market, Receipt, from_wad
from ..series import DAY, WAD
from .losses import RAY, Cash, shares
from .record import AuctionRecord, Mark, Pool, Record, Sale, Standing

# [s] after which an auction is looked at again; the price falls fast at first.
AUCTION_STEPS = (30, 30, 30, 30, 60, 60, 60, 60, 120, 120, 300, 300, 600, 600, 900, 900, 1_800)
# [s] between an expiry and the keeper's visit.
KEEPER_DELAY = 60
# Kind of an auction, as contracts/auction/lots.vy.
SOLVENT = 1
# How often the keeper looks again after it acted, at one bar.
KEEPER_ROUNDS = 8
# Strikes on offer to each side of the spot, as a share of it.
STRIKE_RANGE = 0.25


@dataclass(frozen=True)
class Player:
    """An agent, its account and what acts for it."""

    agent: base.Agent
    account: Account
    hand: Hand


class Runner:
    """One run of agents through a path."""

    def __init__(
        self,
        market: Market,
        agents: Sequence[base.Agent],
        record: Record,
        *,
        seed: int = 0,
        shift: int = 0,
        hire: Callable[[Market, base.Agent, Account, np.random.Generator], Hand] = Hand,
    ) -> None:
        """shift: [s] that the chain's clock is ahead of the path's, whole weeks.

        hire: finds who acts for an agent; itself by default, a process of its own on a chain.
        """
        self.market = market
        self.record = record
        self.shift = shift
        self.players = [
            Player(
                agent,
                account := market.account(agent.name),
                hire(market, agent, account, np.random.default_rng([seed, number])),
            )
            for number, agent in enumerate(agents)
        ]
        self.by_number = {player.account.number: player for player in self.players}
        self.maker = next(one for one in self.players if isinstance(one.agent, MarketMaker))
        self.keeper = next(one for one in self.players if isinstance(one.agent, Keeper))
        self.bidders = [one for one in self.players if isinstance(one.agent, Bidder)]
        special = {id(self.maker), id(self.keeper), *map(id, self.bidders)}
        self.traders = [one for one in self.players if id(one) not in special]
        self.running: dict[int, AuctionRecord] = {}
        self.short: set[int] = set()
        self.maker_view: View | None = None
        self.day = -1
        self.last_day: int | None = None
        # [s] of the path: when the next prices come.
        self.until = 0
        self.refused: dict[str, int] = {}

    def endow(self) -> None:
        """Give everybody the money and the collateral that it starts with."""
        for player in self.players:
            agent = player.agent
            if agent.cash or agent.reserve:
                self.market.give(player.account, round(agent.cash + agent.reserve, 2))
            if agent.cash:
                self.market.deposit(player.account, round(agent.cash, 2))
            if agent.index:
                self.market.fund(player.account, agent.index, INDEX)

    def play(self, bars: Sequence[Bar], progress: Callable[[int], object]) -> None:
        """Go through the bars; `progress` is told of each one that is done."""
        ends = [bar.timestamp for bar in bars[1:]] + [bars[-1].timestamp + DAY]
        for number, (bar, self.until) in enumerate(zip(bars, ends, strict=True)):
            self._expire(bar.timestamp)
            self.market.travel_to(bar.timestamp + self.shift)
            if number or bar.close != self.market.parameters.prices.spot:
                self.market.push_price(bar.close, bar.implied_volatility)
            self.record.marks.append(
                Mark(bar.timestamp, bar.close, bar.high, bar.low, bar.implied_volatility)
            )
            judged = self._judge()
            judged = self._keep(judged)
            today = bar.timestamp // DAY
            if today != self.last_day:
                self.last_day = today
                self.day += 1
                self._trade(judged)
            progress(number + 1)
        # The expiry of the last day still belongs to the run.
        self._expire((bars[-1].timestamp // DAY + 1) * DAY)

    def close(self) -> None:
        """Let everybody go."""
        for player in self.players:
            player.hand.close()

    # -- expiry --

    def _expire(self, until: int) -> None:
        """Visit every expiry that passes before the path's time `until`."""
        while True:
            pending = [
                expiry
                for expiry in sorted(self.market.open_expiries)
                if self.market.now < expiry + KEEPER_DELAY <= until + self.shift
            ]
            if not pending:
                return
            self.market.travel_to(pending[0] + KEEPER_DELAY)
            self._keep(self._judge(record=False))

    # -- the keeper and the auctions --

    def _keep(self, judged: dict[int, Health]) -> dict[int, Health]:
        """Let the keeper act until it has nothing to do, auctions included."""
        for _ in range(KEEPER_ROUNDS):
            view = self._view(
                self.keeper,
                judged,
                accounts=self._troubled(judged),
                auctions=self._auctions(judged),
                unfixed=tuple(self.market.unfixed()),
                matured=tuple(self.market.matured()),
            )
            actions = self.keeper.hand.decide(view)
            for action in actions:
                self._act(self.keeper, action)
            sold = self._auction()
            if not actions and not sold:
                return judged
            self.market.tidy()
            judged = self._judge()
        return judged

    def _auction_started(self, number: int, receipt: Receipt) -> None:
        event = receipt.find("AuctionStarted")[0].arguments
        auction = AuctionRecord(
            self.market.name_of(number),
            receipt.time - self.shift,
            from_wad(event["equity"]),
            from_wad(event["maintenance"]),
            solvent=event["kind"] == SOLVENT,
            fee=from_wad(event["fee"]),
        )
        self.running[number] = auction
        self.record.auctions.append(auction)

    def _auction(self) -> bool:
        """Let minutes pass and bidders bid until all auctions are over; says if any was taken."""
        taken = False
        for step in AUCTION_STEPS:
            if not self.running:
                break
            judged = self._look()
            auctions = self._auctions(judged)
            for lot in auctions:
                auction = self.running[lot.account]
                elapsed = self.market.now - self.shift - auction.start
                # As prices of the whole lot, so that the path does not jump with each sale.
                left = 1 - sum(sale.share for sale in auction.sales)
                auction.path.append((elapsed, lot.price / left, lot.mark / left))
            for player in self.bidders:
                view = self._view(player, judged, auctions=auctions)
                for action in player.hand.decide(view):
                    sold = self._act(player, action)
                    if sold:
                        taken = True
                        # Others see what is left, on the next look.
                        judged = self._look()
                        auctions = self._auctions(judged)
            if self.running and self.market.now + step >= self.until + self.shift:
                break
            if self.running:
                self.market.travel(step)
        return taken

    def _look(self) -> dict[int, Health]:
        """Health of those whom auctions concern."""
        concerned = [self.by_number[number] for number in self.running] + self.bidders
        return self.market.judge([player.account for player in concerned])

    def _auctions(self, judged: dict[int, Health]) -> tuple[AuctionView, ...]:
        """Running auctions as bidders see them."""
        views = []
        for number, auction in self.running.items():
            terms = self.market.auctions.preview(number, WAD).terms
            mark = from_wad(terms.equity - terms.reserved)
            price = from_wad(terms.price)
            # What the buyer of all takes over weighs on its initial margin, and it pays.
            free = from_wad(judged[number].initial - terms.reserved)
            views.append(
                AuctionView(
                    account=number,
                    name=auction.account,
                    mark=mark,
                    price=price,
                    largest=from_wad(terms.largest),
                    exposure=max(price - free, 0.0),
                    due=terms.due,
                    restored=terms.margin >= 0,
                )
            )
        return tuple(views)

    def _bid(self, player: Player, bid: base.Bid) -> None:
        market, auction = self.market, self.running[bid.account]
        terms = market.auctions.preview(bid.account, WAD).terms
        before = Cash.of(market)
        receipt = player.hand.do(bid)
        self._bear(receipt, before)
        event = receipt.find("BidTaken")[0].arguments
        share, fraction = from_wad(event["units"]), from_wad(event["fraction"])
        auction.sales.append(
            Sale(
                elapsed=receipt.time - self.shift - auction.start,
                bidder=player.agent.name,
                share=share,
                mark=from_wad(terms.equity - terms.reserved) * fraction,
                price=from_wad(event["payment"]),
            )
        )
        if receipt.find("AuctionFinished"):
            self._close(bid.account, "sold out" if event["remaining"] == 0 else "restored")

    def _bear(self, receipt: Receipt, before: Cash) -> None:
        """Write down who bore the losses of a transaction; `before` it."""
        losses = shares(self.market, receipt, before, self.shift)
        if losses:
            self.record.losses += losses
            self._pool()

    def _pool(self) -> None:
        """Write down what bears losses."""
        house = self.market.clearinghouse
        fund = from_wad(house.cash_of(house.FUND()))
        index = Cash.of(self.market).index / RAY
        self.record.pools.append(Pool(self.market.now - self.shift, fund, index))

    def _close(self, number: int, outcome: str) -> None:
        auction = self.running.pop(number)
        auction.end, auction.outcome = self.market.now - self.shift, outcome

    # -- trading --

    def _trade(self, judged: dict[int, Health]) -> None:
        """Once a day: every trader decides, the maker quotes, who likes the price fills."""
        # The maker looks at its own account once a day.
        self.maker_view = self._view(self.maker, judged)
        order = self.keeper.hand.rng.permutation(len(self.traders))
        for player in (self.traders[index] for index in order):
            view = self._view(player, judged)
            for action in player.hand.decide(view):
                if isinstance(action, base.Request):
                    self._request(player, replace(action, taker=player.agent.name))
                else:
                    self._act(player, action)

    def _request(self, taker: Player, request: base.Request) -> None:
        """Ask the maker; trade when its quote is within the taker's limit."""
        assert self.maker_view is not None
        view = replace(self.maker_view, requests=(request,))
        for quote in self.maker.hand.decide(view):
            if not isinstance(quote, base.Quote):
                self._act(self.maker, quote)
                continue
            buys = request.quantity > 0
            if quote.price > request.limit if buys else quote.price < request.limit:
                self._refuse("price beyond the taker's limit")
                continue
            series = self.market.series(request.strike, request.expiry, request.is_put)
            amount = Decimal(str(round(request.quantity, 6)))
            try:
                order, signature = self.maker.hand.sign(series, -amount, quote.price, taker.account)
                maker = self.maker.account.address
                receipt = taker.hand.fill(order, signature, maker, abs(amount))
            except RefusedError as error:
                self._refuse(str(error))
                continue
            for event in receipt.find("Novated"):
                quantity = from_wad(event.arguments["quantity"])
                self.record.trades += 1
                self.record.contracts += quantity
                self.record.notional += quantity * view.spot
                self.record.premium += from_wad(event.arguments["premium"])
            key = (request.expiry - self.shift, request.strike, request.is_put)
            outstanding = from_wad(self.market.clearinghouse.open_interest(series.code))
            self.record.interest[key] = max(self.record.interest.get(key, 0.0), outstanding)

    # -- actions --

    def _act(self, player: Player, action: base.Action) -> bool:
        """Send what an agent asks for; a refusal by a contract is counted, not hidden."""
        market = self.market
        try:
            match action:
                case base.Bid():
                    self._bid(player, action)
                case base.WriteOff():
                    before = Cash.of(market)
                    self._bear(player.hand.do(action), before)
                case base.StartAuction(number):
                    self._auction_started(number, player.hand.do(action))
                case base.EndAuction(number):
                    before = Cash.of(market)
                    self._bear(player.hand.do(action), before)
                    self._close(number, "recovered")
                case base.Fix(expiry):
                    player.hand.do(action)
                    price = market.oracle.fixing(market.parameters.underlying, expiry)
                    self.record.fixings[expiry - self.shift] = from_wad(price)
                case _:
                    player.hand.do(action)
        except RefusedError as error:
            self._refuse(str(error))
            return False
        return True

    def _refuse(self, reason: str) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + 1

    # -- what agents see --

    def _judge(self, record: bool = True) -> dict[int, Health]:
        """Everybody's health; written down, and margin calls with it."""
        players = self.players
        judged = self.market.judge([player.account for player in players])
        if not record:
            return judged
        self._pool()
        time = self.market.now - self.shift
        for player in players:
            # The keeper carries no risk.
            if player is self.keeper:
                continue
            number, name = player.account.number, player.agent.name
            health = judged[number]
            standing = Standing(
                time,
                from_wad(health.equity),
                from_wad(health.initial),
                from_wad(health.maintenance),
            )
            self.record.standings.setdefault(name, []).append(standing)
            if health.initial < 0:
                if number not in self.short:
                    self.record.margin_calls.append((time, name, -standing.initial))
                self.short.add(number)
            else:
                self.short.discard(number)
        return judged

    def _view(
        self,
        player: Player,
        judged: dict[int, Health],
        **more: object,
    ) -> View:
        mark = self.record.marks[-1]
        market = self.market
        tick = market.parameters.grid.tick / 1e8
        low, high = (mark.spot * (1 + side * STRIKE_RANGE) for side in (-1, 1))
        strikes = np.arange(np.ceil(low / tick), np.floor(high / tick) + 1) * tick
        return View(
            now=market.now,
            day=self.day,
            spot=mark.spot,
            volatility=mark.volatility,
            expiries=tuple(market.expiries(4)),
            strikes=tuple(float(strike) for strike in strikes),
            me=self._account_view(player, judged[player.account.number]),
            **more,  # type: ignore[arg-type]
        )

    def _account_view(self, player: Player, health: Health) -> AccountView:
        market, account = self.market, player.account
        house = market.clearinghouse
        words = house.holdings_of(account.number)
        collateral = sum(word % 2**248 for word in words if word >> 248 == INDEX)
        return AccountView(
            name=player.agent.name,
            number=account.number,
            cash=from_wad(house.cash_of(account.number)),
            collateral=from_wad(collateral),
            wallet=from_wad(market.wallet(account)) if player.agent.reserve else 0.0,
            equity=from_wad(health.equity),
            initial=from_wad(health.initial),
            maintenance=from_wad(health.maintenance),
            in_auction=house.in_auction(account.number),
            positions=tuple(
                base.Position(series, from_wad(quantity))
                for series, quantity in market.positions(account)
            ),
        )

    def _troubled(self, judged: dict[int, Health]) -> tuple[AccountView, ...]:
        """Who is below maintenance margin or in auction."""
        return tuple(
            self._account_view(self.by_number[number], health)
            for number, health in judged.items()
            if health.maintenance < 0 or number in self.running
        )
