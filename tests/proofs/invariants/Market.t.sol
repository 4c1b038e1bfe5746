// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

import {World} from "./World.sol";

interface Vm {
    function addr(uint256 key) external pure returns (address);
    function assume(bool condition) external pure;
    function loadAllocs(string calldata file) external;
    function prank(address sender) external;
    function sign(uint256 key, bytes32 digest) external pure returns (uint8, bytes32, bytes32);
    function warp(uint256 timestamp) external;
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

struct Health {
    int256 equity;
    int256 initial;
    int256 maintenance;
    bool fresh;
}

struct Certificate {
    uint256 held;
    uint256 credit;
    uint256 debt;
    int256 fund;
    int256 unsettled;
    int256 surplus;
    uint256 outstanding;
}

struct Leg {
    uint256 series;
    int256 quantity;
    uint256 price;
}

struct Order {
    uint256 account;
    address taker;
    uint256 size;
    Leg[] legs;
    uint256 nonce;
    uint256 epoch;
    uint256 deadline;
}

interface Ledger {
    function FUND() external view returns (uint256);
    function cash_of(uint256 account) external view returns (int256);
    function certificate() external view returns (Certificate memory);
    function deposit(uint256 account, uint256 asset, uint256 amount) external;
    function health(uint256 account) external view returns (Health memory);
    function holdings_of(uint256 account) external view returns (uint256[] memory);
    function in_auction(uint256 account) external view returns (bool);
    function indices() external view returns (uint256);
    function open_interest(uint256 code) external view returns (uint256);
    function positions_of(uint256 account) external view returns (uint256[] memory);
    function settle(uint256[] calldata owners) external;
    function withdraw(uint256 account, uint256 asset, uint256 amount, address receiver) external;
}

interface Orders {
    function cancel(Order calldata order) external;
    function cancel_all(uint256 account) external;
    function epoch(address owner) external view returns (uint256);
    function fill(Order calldata, address signer, bytes calldata signature, uint256 account, uint256 amount)
        external returns (int256);
    function filled(bytes32 digest) external view returns (uint256);
}

interface House {
    function bid(uint256 account, uint256 bidder, uint256 units, int256 limit, uint256 kind, uint256 deadline)
        external returns (uint256, int256);
    function finish(uint256 account) external;
    function start(uint256 account, uint256 keeper) external;
}

interface Oracle {
    function fix(uint256 underlying, uint256 expiry, uint256[] calldata rounds) external returns (uint256);
    function fixing(uint256 underlying, uint256 expiry) external view returns (uint256);
    function poke(uint256 underlying) external returns (uint256);
}

interface Feed {
    function push(int256 answer) external;
}

interface Erc20 {
    function balanceOf(address owner) external view returns (uint256);
}

/// Four traders, their keys and what they do to the market. A call that is refused is undone whole and
/// counted by forge as a revert; the runner asks that each function succeeded in some run.
contract Handler {
    Ledger constant ledger = Ledger(World.LEDGER);
    Orders constant orders = Orders(World.ORDERS);
    House constant house = House(World.HOUSE);
    Oracle constant oracle = Oracle(World.ORACLE);
    uint256 constant SETTLEMENT = 0;

    uint256[6] public codes = World.series();
    uint256[4] keys = World.keys();
    // What each function did is judged at once; the first thing that was wrong stays here.
    string public wrong;
    // [token units] that went in and came out, by asset
    uint256[2] public brought;
    uint256[2] public taken;
    uint256 public settlements;
    uint256 public actions;
    uint256 public now_ = World.START;
    bool public shared;
    uint256 spot = 2_750e8;
    uint256 nonce;
    Order[] made;
    bytes[] signatures;
    uint256[] signers;
    bytes32[] public digests;
    mapping(bytes32 => uint256) public used;

    constructor() {
        for (uint256 i = 0; i < 4; i++) {
            vm.prank(owner(i));
            ledger.deposit(account(i), 0, 5_000e6);
            brought[0] += 5_000e6;
        }
    }

    /// Time goes on by seconds to a day, and feeds keep up.
    modifier later(uint256 time) {
        uint256 next = now_ + 1 + time % 3_600;
        // The last half hour before an expiry is for `expire` alone.
        if (now_ < World.EXPIRY && next >= World.EXPIRY - 2_000) next = now_;
        now_ = next;
        vm.warp(now_);
        _;
        actions++;
    }

    // -- the world --

    /// Up to a fifth up or down, and any volatility from 5 % to 150 %.
    function move_price(uint256 time, int256 move, uint256 volatility) external later(time) {
        spot = uint256(int256(spot) + (int256(spot) * (move % 21)) / 100);
        if (spot < 500e8) spot = 500e8;
        if (spot > 9_000e8) spot = 9_000e8;
        push(spot, 0.05e8 + volatility % 1.45e8);
    }

    /// Days pass.
    function wait_days(uint256 time) external later(0) {
        uint256 next = now_ + (1 + time % 18) * 3_600;
        if (now_ < World.EXPIRY && next >= World.EXPIRY - 2_000) next = now_;
        now_ = next;
        vm.warp(now_);
        push(spot, 0.2e8);
    }

    /// The near expiry: its last half hour is recorded and it is fixed.
    function expire() external {
        vm.assume(now_ < World.EXPIRY && now_ > World.EXPIRY - 5 days);
        for (uint256 i = 0; i <= 7; i++) {
            now_ = World.EXPIRY - 2_100 + 300 * i;
            vm.warp(now_);
            push(spot, 0.2e8);
        }
        now_ = World.EXPIRY + 1;
        vm.warp(now_);
        push(spot, 0.2e8);
        uint256[] memory none;
        if (oracle.fix(1, World.EXPIRY, none) == 0) wrong = "a recorded window is fixed at once";
        actions++;
    }

    function push(uint256 price, uint256 volatility) internal {
        vm.prank(World.REPORTER);
        Feed(World.SPOT).push(int256(price));
        vm.prank(World.REPORTER);
        Feed(World.VOLATILITY).push(int256(volatility));
        oracle.poke(1);
    }

    // -- what traders do --

    function deposit(uint256 time, uint256 who, uint256 asset, uint256 amount) external later(time) {
        asset %= 2;
        amount = 1 + amount % (asset == 0 ? 8_000e6 : 2e18);
        vm.prank(owner(who));
        ledger.deposit(account(who), asset, amount);
        brought[asset] += amount;
    }

    function withdraw(uint256 time, uint256 who, uint256 asset, uint256 amount) external later(time) {
        asset %= 2;
        amount = 1 + amount % (asset == 0 ? 3_000e6 : 2e18);
        uint256 had = token(asset).balanceOf(owner(who));
        vm.prank(owner(who));
        ledger.withdraw(account(who), asset, amount, owner(who));
        if (token(asset).balanceOf(owner(who)) != had + amount) wrong = "a withdrawal pays what it says";
        taken[asset] += amount;
        stands(who);
    }

    /// Signs an order for one or two series and keeps it.
    function quote(uint256 time, uint256 who, uint256 which, int256 size, uint256 price, bool two)
        external later(time)
    {
        Order storage order = made.push();
        order.account = account(who);
        order.size = 4e18;
        order.nonce = nonce++;
        order.epoch = orders.epoch(owner(who));
        order.deadline = now_ + 5 days;
        // Ascending, as an order wants them: the last series has the greatest code.
        order.legs.push(Leg(codes[which % 5], size % 2 == 0 ? int256(1e18) : -1e18, 1e18 * (price % 200)));
        if (two) order.legs.push(Leg(codes[5], size % 3 == 0 ? int256(1e18) : -1e18, 1e18 * (price % 90)));
        bytes32 digest = digest_of(order);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[who % 4], digest);
        signatures.push(abi.encodePacked(r, s, v));
        signers.push(who % 4);
        digests.push(digest);
    }

    /// Takes a part of one of the last orders, and tries to take all of it once more.
    function fill(uint256 time, uint256 who, uint256 which, uint256 amount) external later(time) {
        vm.assume(made.length != 0);
        which = made.length - 1 - which % (made.length < 4 ? made.length : 4);
        who = signers[which] + 1 + who % 3;
        Order memory order = made[which];
        amount = 1e17 * (1 + amount % 40);
        uint256[2] memory sides = [who, signers[which]];
        uint256[] memory takers = ledger.positions_of(account(who));
        uint256[] memory makers = ledger.positions_of(order.account);
        vm.prank(owner(who));
        orders.fill(order, owner(sides[1]), signatures[which], account(who), amount);
        used[digests[which]] += amount;
        if (grew(takers, ledger.positions_of(account(who)))) stands(who);
        if (grew(makers, ledger.positions_of(order.account))) stands(sides[1]);
        vm.prank(owner(who));
        try orders.fill(order, owner(signers[which]), signatures[which], account(who), order.size) {
            wrong = "an order is filled once";
        } catch {}
    }

    /// Another chain, another contract, another signer: the same order is not good.
    function forge(uint256 time, uint256 who, uint256 which, uint256 key) external later(time) {
        vm.assume(made.length != 0);
        which = which % made.length;
        Order memory order = made[which];
        key = keys[key % 4];
        vm.assume(key != keys[signers[which]]);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digests[which]);
        vm.prank(owner(who));
        try orders.fill(order, owner(signers[which]), abi.encodePacked(r, s, v), account(who), 1e17) {
            wrong = "another key signs for nobody";
        } catch {}
    }

    function cancel(uint256 time, uint256 which, bool all) external later(time) {
        vm.assume(made.length != 0);
        which = which % made.length;
        uint256 who = signers[which];
        vm.prank(owner(who));
        if (all && time % 3 == 0) orders.cancel_all(account(who));
        else orders.cancel(made[which]);
        vm.prank(owner(who + 1));
        try orders.fill(made[which], owner(who), signatures[which], account(who + 1), 1e17) {
            wrong = "a cancelled order is filled";
        } catch {}
    }

    function settle(uint256 time, uint256 who) external later(time) {
        uint256[] memory owners = new uint256[](1);
        owners[0] = account(who);
        uint256 before = ledger.positions_of(account(who)).length;
        ledger.settle(owners);
        settlements += before - ledger.positions_of(account(who)).length;
        int256 cash = ledger.cash_of(account(who));
        ledger.settle(owners);
        if (ledger.cash_of(account(who)) != cash) wrong = "a position is settled once";
    }

    // -- liquidation --

    /// Whoever is below maintenance, or else somebody who is not, in vain.
    function start(uint256 time, uint256 who, uint256 keeper) external later(time) {
        for (uint256 i = 0; i < 4; i++) {
            if (ledger.health(account(who)).maintenance < 0 && !ledger.in_auction(account(who))) break;
            who = (who % 4) + 1;
        }
        Health memory before = ledger.health(account(who));
        uint256 indices = ledger.indices() >> 128;
        vm.prank(owner(keeper));
        house.start(account(who), account(keeper));
        if (before.maintenance >= 0) wrong = "a healthy account is sold";
        if (ledger.indices() >> 128 < indices) shared = true;
    }

    function bid(uint256 time, uint256 who, uint256 bidder, uint256 units, uint256 kind) external later(time) {
        who = in_auction(who);
        uint256 indices = ledger.indices() >> 128;
        vm.prank(owner(bidder));
        house.bid(
            account(who), account(bidder), 1e17 + units % 1e18, type(int128).max, 1 + kind % 2, now_
        );
        stands(bidder);
        if (ledger.indices() >> 128 < indices) shared = true;
    }

    function finish(uint256 time, uint256 who) external later(time) {
        who = in_auction(who);
        uint256 indices = ledger.indices() >> 128;
        house.finish(account(who));
        if (ledger.in_auction(account(who))) wrong = "an auction that ended goes on";
        if (ledger.indices() >> 128 < indices) shared = true;
    }

    /// A trader in auction, if there is one.
    function in_auction(uint256 who) internal view returns (uint256) {
        for (uint256 i = 0; i < 4; i++) {
            if (ledger.in_auction(account(who))) break;
            who = (who % 4) + 1;
        }
        return who;
    }

    // -- views for the invariants --

    function account(uint256 who) public view returns (uint256) {
        return uint256(uint160(owner(who))) << 96;
    }

    function owner(uint256 who) public view returns (address) {
        return vm.addr(keys[who % 4]);
    }

    function token(uint256 asset) public pure returns (Erc20) {
        return Erc20(asset == 0 ? World.CASH : World.INDEX);
    }

    function orders_made() external view returns (uint256) {
        return made.length;
    }

    /// After an action of its own an account with positions or debt has its initial margin.
    function stands(uint256 who) internal {
        if (ledger.positions_of(account(who)).length == 0 && ledger.cash_of(account(who)) >= 0) return;
        if (ledger.health(account(who)).initial < 0) wrong = "initial margin after an own action";
    }

    /// Whether a position is larger than it was, new, or on the other side.
    function grew(uint256[] memory before, uint256[] memory after_) internal pure returns (bool) {
        for (uint256 i = 0; i < after_.length; i++) {
            int256 had;
            for (uint256 j = 0; j < before.length; j++) {
                if (before[j] >> 96 == after_[i] >> 96) had = int256(before[j] << 160) >> 160;
            }
            int256 has = int256(after_[i] << 160) >> 160;
            if (had == 0 || (had > 0) != (has > 0) || (has > 0 ? has > had : has < had)) return true;
        }
        return false;
    }

    /// EIP-712, written from the standard.
    function digest_of(Order memory order) internal view returns (bytes32) {
        bytes32 legType = keccak256("Leg(uint256 series,int256 quantity,uint256 price)");
        bytes memory legs;
        for (uint256 i = 0; i < order.legs.length; i++) {
            Leg memory leg = order.legs[i];
            legs = bytes.concat(legs, keccak256(abi.encode(legType, leg.series, leg.quantity, leg.price)));
        }
        bytes32 body = keccak256(
            abi.encode(
                keccak256(
                    "Order(uint256 account,address taker,uint256 size,Leg[] legs,uint256 nonce,uint256 epoch,uint256 deadline)Leg(uint256 series,int256 quantity,uint256 price)"
                ),
                order.account, order.taker, order.size, keccak256(legs), order.nonce, order.epoch, order.deadline
            )
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Novate Signed Orders"), keccak256("1"), block.chainid, World.ORDERS
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, body));
    }
}

/// What holds after any sequence of calls.
contract MarketInvariants {
    Ledger constant ledger = Ledger(World.LEDGER);
    Handler handler;
    uint256 first0;
    uint256 first1;
    uint256 borrowIndex;
    uint256 supplyIndex;

    function setUp() external {
        vm.loadAllocs("allocs.json");
        vm.warp(World.START);
        first0 = Erc20(World.CASH).balanceOf(World.LEDGER);
        first1 = Erc20(World.INDEX).balanceOf(World.LEDGER);
        handler = new Handler();
        borrowIndex = uint128(ledger.indices());
        supplyIndex = ledger.indices() >> 128;
    }

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    /// All at once, so that forge plays each sequence once. The reason says what fell.
    function invariant_market() external {
        tokens_are_conserved();
        claims_are_covered();
        accounts_add_up();
        collateral_is_held();
        every_long_has_its_short();
        indices_only_grow();
        orders_are_used_up();
        settlement_closes();
        every_call_kept_its_word();
        margin_is_total();
    }

    /// Tokens in the ledger: what was there, plus what came, less what went. Nothing else moves them.
    function tokens_are_conserved() internal view {
        require(
            handler.token(0).balanceOf(World.LEDGER) == first0 + handler.brought(0) - handler.taken(0),
            "cash tokens"
        );
        require(
            handler.token(1).balanceOf(World.LEDGER) == first1 + handler.brought(1) - handler.taken(1),
            "collateral tokens"
        );
    }

    /// Cash that is owed is there, and what rounding left over is less than some wei a call and position.
    function claims_are_covered() internal view {
        Certificate memory found = ledger.certificate();
        require(found.surplus >= 0, "claims above what is held");
        require(found.surplus <= int256(2_000 * (handler.actions() + handler.settlements() + 1)), "lost");
    }

    /// The cash of all accounts adds up to what is held, and what is still to be settled.
    function accounts_add_up() internal view {
        Certificate memory found = ledger.certificate();
        int256 sum = ledger.cash_of(ledger.FUND());
        for (uint256 i = 0; i < 4; i++) sum += ledger.cash_of(handler.account(i));
        int256 backing = int256(found.held) + found.unsettled;
        require(sum <= backing && backing - sum <= int256(2_000 * (handler.actions() + handler.settlements() + 1)), "accounts");
    }

    /// Collateral in accounts is collateral in the ledger's hands.
    function collateral_is_held() internal view {
        uint256 sum;
        for (uint256 i = 0; i < 4; i++) {
            uint256[] memory words = ledger.holdings_of(handler.account(i));
            for (uint256 j = 0; j < words.length; j++) sum += words[j] & type(uint128).max;
        }
        require(sum == handler.token(1).balanceOf(World.LEDGER) - first1, "collateral");
    }

    /// For every series that has not expired quantities sum to zero, and the longs are the open interest.
    function every_long_has_its_short() internal view {
        for (uint256 k = 0; k < 6; k++) {
            uint256 code = handler.codes(k);
            int256 net;
            uint256 long;
            for (uint256 i = 0; i < 4; i++) {
                uint256[] memory words = ledger.positions_of(handler.account(i));
                for (uint256 j = 0; j < words.length; j++) {
                    if (words[j] >> 96 != code) continue;
                    int256 quantity = int256(words[j] << 160) >> 160;
                    require(quantity != 0, "empty slot");
                    net += quantity;
                    if (quantity > 0) long += uint256(quantity);
                }
            }
            bool over = ((code >> 120) & 0xffffff) * 3_600 <= handler.now_();
            require(over || net == 0, "longs and shorts");
            require(long == ledger.open_interest(code), "open interest");
        }
    }

    /// The index of debt never falls; that of credit only when a loss was shared.
    function indices_only_grow() internal {
        uint256 next = ledger.indices();
        require(uint128(next) >= borrowIndex, "debt index");
        require(next >> 128 >= supplyIndex || handler.shared(), "credit index");
        (borrowIndex, supplyIndex) = (uint128(next), next >> 128);
    }

    /// No order is filled beyond its size, and what is used up is never given back.
    function orders_are_used_up() internal view {
        Orders orders = Orders(World.ORDERS);
        for (uint256 i = 0; i < handler.orders_made(); i++) {
            bytes32 digest = handler.digests(i);
            uint256 filled = orders.filled(digest);
            require(filled == type(uint256).max || (filled <= 4e18 && filled == handler.used(digest)), "order");
        }
    }

    /// When nobody holds an expired position, every payoff found its counterpart.
    function settlement_closes() internal view {
        for (uint256 i = 0; i < 4; i++) {
            uint256[] memory words = ledger.positions_of(handler.account(i));
            for (uint256 j = 0; j < words.length; j++) {
                if (((words[j] >> 216) & 0xffffff) * 3_600 <= handler.now_()) return;
            }
        }
        int256 left = ledger.certificate().unsettled;
        require(left <= 0 && left >= -int256(handler.settlements() + 1), "unsettled");
    }

    /// What each call promises its caller: see `wrong` in the handler.
    function every_call_kept_its_word() internal view {
        string memory fault = handler.wrong();
        require(bytes(fault).length == 0, fault);
    }

    /// A margin view that answers, for every account in every state.
    function margin_is_total() internal view {
        for (uint256 i = 0; i < 4; i++) ledger.health(handler.account(i));
        ledger.health(ledger.FUND());
    }
}
