"""Owners, the governor's proposals, the guardian, and questions to all of them."""

from __future__ import annotations

from novate.series import Series
from tests.stateful.moves_base import Base, Move
from tests.stateful.owners import CHANGES, GUARDED, kept
from tests.stateful.village import DAY, HOUR, WAD, Step

# Views of the governor that take a proposal.
ASKED = ("state", "proposalSnapshot", "proposalDeadline", "proposalProposer", "proposalEta")


class Governance(Base):
    """Those with power."""

    def owner_acts(self) -> Move:
        if self.governed and len(self.agenda) > 2:
            return
        change = kept if self.rng.random() < 0.1 else self.pick(CHANGES)
        target, args = change(self.rng)
        if target == "forecast.start":
            listed = (2, "@spot_feed", "@volatility_feed", DAY)
            yield from self.owner_calls("oracle.list_underlying", listed)
        me = "@timelock" if self.governed else "@owner"
        yield from self.owner_calls(target, tuple(me if one == "@me" else one for one in args))

    def governs(self) -> Move:
        """The next stage of a proposal, with the time that it takes."""
        rng = self.rng
        if not self.agenda:
            if not self.governed:
                # A proposal that nobody will obey: the timelock owns nothing here.
                self.count += 1
                body = ("governor.setVotingDelay", (HOUR * rng.randint(1, 9),), f"{self.count}")
                receipt = yield Step("backer", "~propose", body)
                if receipt.ok:
                    self.agenda.append([*body, 0])
            return
        item = self.pick(self.agenda)
        body = tuple(item[:3])
        if item[3] == 0:
            if rng.random() < 0.1:
                yield Step("backer", "~withdraw", body)
                self.agenda.remove(item)
                return
            yield Step("keeper", "~wait", (int(self.village.units["governor"].votingDelay()) + 1,))
            against = rng.random() < 0.1
            yield Step("backer", "~vote", (*body, 0 if against else 1))
            if rng.random() < 0.5:
                yield Step("keeper", "~ballot", (*body, 1, "holder"))
            else:
                yield Step("holder", "~vote", (*body, 2, "because"))
            item[3] = 1
        elif item[3] == 1:
            yield Step("keeper", "~wait", (int(self.village.units["governor"].votingPeriod()),))
            receipt = yield Step("keeper", "~queue", body)
            item[3] = 2
            if not receipt.ok:
                self.agenda.remove(item)
        else:
            self.agenda.remove(item)
            if rng.random() < 0.1:
                yield Step("keeper", "~veto", body)
            delay = int(self.village.units["timelock"].get_minimum_delay())
            yield Step("keeper", "~wait", (delay,))
            yield from self.push()
            yield Step("keeper", "~execute", body)

    def views(self) -> Move:
        """Questions with arguments that raw values seldom make."""
        rng, village = self.rng, self.village
        now, code = village.now, self.some_code()
        series = Series.from_code(code)
        market = (7 * DAY, 2_750 * WAD, 0, 2_750 * WAD, WAD // 5, 0, 0, WAD, WAD)
        option = (2_700 * WAD, True, -WAD, 0)
        rounds = int(village.units["spot_feed"].latestRoundData()[0])
        signed = max(int(village.units["signed_feed"].rounds()), 1)
        hours = now // HOUR * HOUR
        row = [
            Step("keeper", "margin_sheet.work_out", (0, (), (option,), market, (0,) * 12)),
            Step("keeper", "oracle_lens.fault_of", (("@spot_feed", DAY, 0, 10**30),)),
            Step("keeper", "oracle_lens.rounds_at", (1, now - HOUR)),
            Step("keeper", "oracle.twap", (1, hours - HOUR, hours)),
            Step("keeper", "listing.encode", (1, series.expiry, series.strike, 1, 0)),
            Step("keeper", "spot_feed.getRoundData", (rounds,)),
            Step("keeper", "volatility_feed.getRoundData", (rounds,)),
            Step("keeper", "second_feed.getRoundData", (rounds,)),
            Step("keeper", "served_feed.getRoundData", (rng.choice([1, hours // HOUR, now]),)),
            Step("keeper", "signed_feed.getRoundData", (rng.randint(1, signed),)),
            Step("keeper", "governor.getVotes", ("@backer", now - 1)),
            Step("keeper", "governor.quorum", (now - 1,)),
            Step("keeper", "votes.getPastVotes", ("@backer", now - 1)),
            Step("keeper", "votes.getPastTotalSupply", (now - 1,)),
            Step("keeper", "timelock.renounceRole", ("0x" + 32 * "11", "@keeper")),
            Step("owner", "spot_feed.set_reporter", ("@owner",)),
            Step("owner", "second_feed.set_reporter", ("@owner",)),
            Step("owner", "volatility_feed.set_reporter", ("@owner",)),
            Step("holder", "votes.transfer", ("@backer", 10**18)),
            Step("backer", "votes.approve", ("@holder", 10**18)),
            Step("holder", "votes.transferFrom", ("@backer", "@holder", 10**17)),
        ]
        if self.agenda:
            body = tuple(self.agenda[0][:3])
            row += [Step("keeper", f"~ask.{name}", body) for name in ASKED]
        yield self.pick(row)

    def guardian_acts(self) -> Move:
        target, args = self.pick(GUARDED)(self.rng)
        yield Step("keeper", "~guard", (target, args))
