"""Random people call random functions with random values: no bound of the design is ever exceeded.

Who may call and with what effect is not modelled; what must hold after each call is: figures stay
within the bounds that ARCHITECTURE.md and the sources promise, roles stay where they are, nobody
without a role changes anything, and the books add up. The timelock plays along with any decision,
since no majority may exceed a bound either.
"""

import boa
import hypothesis.strategies as st
import pytest
from hypothesis import Phase, event, note, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from novate.deploy import arguments_of
from novate.governance.deployment import ADMIN, CANCELLER, PROPOSER
from novate.graph import STEPS
from tests.governed_world import GovernedWorld
from tests.unit.governance.test_access import of_type
from tests.world import WAD, World

HOUR, DAY = 3_600, 86_400
# Figures near what contracts accept, so that some calls pass, and figures far from it.
numbers = st.one_of(
    st.integers(0, 16),
    st.sampled_from([60, 600, HOUR, DAY, 3 * DAY, 30 * DAY, 10_000, 9_500, 10**9, WAD // 10_000]),
    st.integers(0, 60).map(lambda n: n * WAD // 20),
    st.integers(0, 2**256 - 1),
)


def value(data, kind, components, addresses):
    """A value of an ABI type, each part drawn by itself."""
    if kind == "tuple":
        return tuple(
            value(data, one["type"], one.get("components", []), addresses) for one in components
        )
    if kind.endswith("]"):
        inner, size = kind[:-1].rsplit("[", 1)
        length = int(size) if size else data.draw(st.integers(0, 3))
        return [value(data, inner, components, addresses) for _ in range(length)]
    if kind == "address":
        return data.draw(st.sampled_from(addresses))
    return of_type(kind, components, data.draw(numbers))


def changed(data, given):
    """The same values with one of them drawn anew, at any depth."""
    place = data.draw(st.integers(0, len(given) - 1))
    one = given[place]
    if isinstance(one, tuple | list) and one:
        new = type(one)(changed(data, list(one)))
    elif isinstance(one, bool):
        new = not one
    elif isinstance(one, int):
        near = st.sampled_from([one // 2, one * 2, one + 1, max(one - 1, 0), one * 9 // 10])
        new = data.draw(numbers | near)
    else:
        new = one
    return [*given[:place], new, *given[place + 1 :]]


class Governance(RuleBasedStateMachine):
    @initialize()
    def deploy(self):
        world = World()
        self.market = world.market
        maker, writer = world.person("maker", 100_000), world.person("writer", 5_000)
        self.market.push_price(2_750, 0.15)
        put = self.market.put(2_500, 300)
        world.novate(world.trade(writer, maker, put, 10, 60))
        governed = GovernedWorld(world)
        self.governance = governed.governance
        self.guardian = str(self.governance.guardian.address)
        self.timelock = str(self.governance.timelock.address)
        self.units = {
            name: unit
            for name, unit in world.market.contracts.items()
            if name not in ("cash_token", "index_token", "spot_feed", "volatility_feed")
        }
        self.units |= {
            "governor": self.governance.governor,
            "timelock": self.governance.timelock,
            "multisig": self.governance.guardian,
        }
        self.calls = [
            (name, entry["name"], entry["inputs"])
            for name, unit in sorted(self.units.items())
            for entry in unit.abi
            if entry["type"] == "function"
            and entry["stateMutability"] in ("nonpayable", "payable")
            # Handing a unit or a role on is a decision, not a figure.
            and entry["name"] not in ("transfer_ownership", "grantRole", "revokeRole")
        ]
        self.steps = [
            step
            for step in STEPS
            if step.unit in self.units and step.arguments and not (step.each or step.when)
        ]
        self.people = {
            "intruder": str(boa.env.generate_address("intruder")),
            "deployer": world.owner,
            "maker": maker.address,
            "guardian": self.guardian,
            "timelock": self.timelock,
        }
        self.addresses = [
            *self.people.values(),
            *(str(self.units[name].address) for name in ("oracle", "margin", "curve", "auctions")),
        ]
        self.numbers = [maker.number, writer.number]

    @rule(data=st.data())
    def call_anything(self, data):
        unit, name, inputs = data.draw(st.sampled_from(self.calls))
        given = [
            value(data, one["type"], one.get("components", []), self.addresses) for one in inputs
        ]
        self.call(unit, name, given, data.draw(st.sampled_from(sorted(self.people))))

    @rule(data=st.data(), changes=st.integers(0, 2))
    def call_what_was_called(self, data, changes):
        """What the deployment did, with none, one or two of its figures changed."""
        step = data.draw(st.sampled_from(self.steps))
        contracts = self.market.contracts
        given = arguments_of(step, self.market.parameters, contracts, self.market.owner)
        for _ in range(changes):
            given = changed(data, given)
        role = data.draw(st.sampled_from(["timelock", "timelock", *sorted(self.people)]))
        self.call(step.unit, step.function, given, role)

    def call(self, unit, name, given, role):
        contract = self.units[unit]
        before = self.figures()
        code = getattr(contract, name).prepare_calldata(*given)
        result = boa.env.execute_code(contract.address, sender=self.people[role], data=code)
        note(f"{role}: {unit}.{name}{tuple(given)}: {'refused' if result.is_error else 'done'}")
        if not result.is_error:
            event(f"{role} did {unit}.{name}")
        if role != "timelock":
            # The guardian may halt and veto: figures stay.
            assert self.figures() == before

    @rule(hours=st.integers(1, 72))
    def wait(self, hours):
        boa.env.time_travel(seconds=hours * HOUR)

    def figures(self):
        """Everything that only governance decides."""
        unit = self.units
        house, ledger, listing = unit["auctions"], unit["clearinghouse"], unit["listing"]
        return (
            tuple(house.rules_of(house.rules_version())),
            house.rules_version(),
            house.grace(),
            tuple(unit["margin"].parameters_of(1)),
            tuple(unit["portfolio_margin"].parameters_of(1)),
            tuple(unit["scan_range"].bounds_of(1)),
            tuple(unit["orders"].fees()),
            ledger.fund_share(),
            ledger.auction_house(),
            ledger.security_fund(),
            tuple(ledger.engines(i) for i in range(3)),
            tuple(listing.breakers()),
            listing.guardian(),
            tuple(unit["oracle"].rules_of(1))[1:],
            unit["timelock"].get_minimum_delay(),
            unit["governor"].votingDelay(),
            unit["governor"].votingPeriod(),
            unit["governor"].proposalThreshold(),
            unit["governor"].quorumNumerator(),
        )

    @invariant()
    def figures_are_within_their_bounds(self):
        unit = self.units
        house = unit["auctions"]
        rules = house.rules_of(house.rules_version())
        assert 5_000 <= rules.start <= 10_000 and 1_000 <= rules.cutoff <= rules.start
        assert rules.fee <= 2_000 and 100 <= rules.buffer <= 5_000 and rules.tip_share <= 1_000
        assert house.price_factor(rules.tail) >= 5 * WAD // 100 and house.grace() <= HOUR
        margin = unit["margin"].parameters_of(1)
        assert WAD // 100 <= margin.maintenance <= margin.initial_floor <= margin.initial <= WAD
        portfolio = unit["portfolio_margin"].parameters_of(1)
        assert WAD <= portfolio.initial_factor <= 5 * WAD and portfolio.static_discount <= WAD
        bounds = unit["scan_range"].bounds_of(1)
        assert (
            bounds.weight >= WAD // 4 and WAD // 2 <= bounds.floor <= WAD <= bounds.cap <= 4 * WAD
        )
        assert max(unit["orders"].fees()) <= WAD // 1_000
        assert unit["clearinghouse"].fund_share() <= WAD // 2
        breakers = unit["listing"].breakers()
        assert breakers.outflow >= WAD // 100 and HOUR <= breakers.duration <= 3 * DAY
        now = boa.env.evm.patch.timestamp
        assert all(unit["listing"].halted_until(i) <= now + 3 * DAY for i in range(3))
        for asset in range(1, 9):
            one = unit["margin"].collateral_of(asset)
            assert one.maintenance <= WAD and one.initial <= WAD

    @invariant()
    def governance_stays_open_and_slow(self):
        unit = self.units
        assert 2 * DAY <= unit["timelock"].get_minimum_delay() <= 30 * DAY
        governor = unit["governor"]
        assert HOUR <= governor.votingDelay() <= 14 * DAY
        assert DAY <= governor.votingPeriod() <= 30 * DAY
        supply = self.governance.token.totalSupply()
        assert 0 < governor.proposalThreshold() <= supply // 20
        assert 1 <= governor.quorumNumerator() <= 50
        assert 2 <= unit["multisig"].threshold()

    @invariant()
    def roles_are_where_they_were(self):
        timelock = self.units["timelock"]
        assert timelock.hasRole(PROPOSER, self.governance.governor.address)
        for person in ("intruder", "deployer", "maker", "guardian"):
            assert not timelock.hasRole(PROPOSER, self.people[person])
            assert not timelock.hasRole(ADMIN, self.people[person])
        for person in ("intruder", "deployer", "maker"):
            assert not timelock.hasRole(CANCELLER, self.people[person])
        for unit in ("oracle", "margin", "listing", "clearinghouse", "auctions", "orders"):
            assert self.units[unit].owner() == self.timelock

    @invariant()
    def books_add_up(self):
        assert self.units["clearinghouse"].certificate().surplus >= 0


TestGovernance = Governance.TestCase
# What is found is not made smaller: each step asks for some sixty figures.
TestGovernance.settings = settings(
    max_examples=12, stateful_step_count=40, derandomize=True, phases=[Phase.generate]
)


@pytest.mark.parametrize("role", ["timelock"])
def test_the_machine_gets_through(role):
    """Some calls must pass, or the machine shows nothing: figures that a contract accepts."""
    machine = Governance()
    machine.deploy()
    orders = machine.units["orders"]
    data = orders.set_fees.prepare_calldata(0, WAD // 10_000)
    before = machine.figures()
    result = boa.env.execute_code(orders.address, sender=machine.people[role], data=data)
    assert not result.is_error and machine.figures() != before
