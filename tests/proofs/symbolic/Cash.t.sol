// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

import {Bytecode} from "./Bytecode.sol";
import {Proof, vm} from "./Proof.sol";

interface Cash {
    function place(uint256 indices, uint256 totals) external;
    function indices() external view returns (uint256);
    function totals() external view returns (uint256);
    function cash_of(int256 principal, uint256 indices) external view returns (int256);
    function add(int256 principal, int256 amount, uint256 indices) external returns (int256);
    function accrue() external returns (uint256, uint256);
    function socialise(uint256 loss) external returns (uint256);
    function restore(uint256 amount) external returns (uint256);
    function header(uint256, int256, uint256, uint256, uint256, bool)
        external view returns (uint256, uint256, uint256, uint256);
    function fields(uint256 word) external view returns (int256, uint256, uint256, uint256);
}

/// An interest curve that answers whatever it was told to.
contract AnyCurve {
    uint256 answer;

    function set(uint256 growth_) external {
        answer = growth_;
    }

    function growth(uint256, uint256, uint256) external view returns (uint256) {
        return answer;
    }
}

/// contracts/clearing/cash.vy and accounts.vy
contract CashProof is Proof {
    uint256 constant RAY = 1e27;
    uint256 constant SUPPLY = 1_031_234_567_890_123_456_789_012_345;
    uint256 constant BORROW = 1_072_345_678_901_234_567_890_123_457;
    uint256 constant INDICES = (SUPPLY << 128) | BORROW;

    Cash cash;
    AnyCurve curve;

    function setUp() public {
        curve = new AnyCurve();
        cash = Cash(deploy(bytes.concat(Bytecode.CASH, abi.encode(address(curve), uint256(0.3e18)))));
    }

    /// Whatever a curve answers: accruing moves no principal, and sets the time whenever an index moves.
    function check_accrual_keeps_principals(uint256 indices, uint256 totals, uint256 growth, uint32 time)
        external
    {
        cash.place(indices, totals);
        curve.set(growth);
        vm.warp(time);
        (uint256 next,) = cash.accrue();
        uint256 after_ = cash.totals();
        prove(after_ >> 32 == totals >> 32 && (next == indices || uint32(after_) == time));
    }

    /// Giving back a loss never lowers an index; sharing one lowers that of credit only, and never to 0.
    function check_losses_move_credit_only(uint256 indices, uint8 supplied, uint8 amount) external {
        cash.place(indices, uint256(supplied) << 144);
        uint256 lower = cash.socialise(amount);
        uint256 raised = cash.restore(amount);
        prove(
            lower >> 128 <= indices >> 128 && lower >> 128 != 0 && raised >> 128 >= lower >> 128
                && uint128(lower) == uint128(indices) && uint128(raised) == uint128(indices)
        );
    }

    /// Credit rounds down, by less than one wei. Up to 255 wei, one of the two signs at a time: a division
    /// by 1e27 is a circuit that grows with what is divided.
    function check_credit_rounds_down(uint8 principal) external view {
        uint256 exact = uint256(principal) * SUPPLY;
        uint256 counted = uint256(cash.cash_of(int256(uint256(principal)), INDICES)) * RAY;
        prove(counted <= exact && exact - counted < RAY);
    }

    /// Debt rounds up, by less than one wei.
    function check_debt_rounds_up(uint8 principal) external view {
        uint256 exact = uint256(principal) * BORROW;
        uint256 counted = uint256(-cash.cash_of(-int256(uint256(principal)), INDICES)) * RAY;
        prove(counted >= exact && counted - exact < RAY);
    }

    /// Each setter of the header word is read back, and touches no other field: the principal,
    function check_header_principal(uint256 word, int128 principal) external view {
        (uint256 next,,,) = cash.header(word, principal, 0, 0, 1, false);
        (int256 found,,,) = cash.fields(next);
        prove(found == principal && next >> 128 == word >> 128);
    }

    /// the count of positions, which also moves the version on by one,
    function check_header_count(uint256 word, uint8 count) external view {
        (, uint256 next,,) = cash.header(word, 0, count, 0, 1, false);
        (, uint256 found,,) = cash.fields(next);
        unchecked {
            prove(
                found == count && uint128(next) == uint128(word) && (next << 64) >> 200 == (word << 64) >> 200
                    && uint64(next >> 192) == uint64(word >> 192) + 1
            );
        }
    }

    /// the engine and the assets.
    function check_header_engine_and_assets(uint256 word, uint8 engine, uint256 asset, bool held) external view {
        vm.assume(asset >= 1 && asset <= 8);
        (,, uint256 one, uint256 other) = cash.header(word, 0, 0, engine, asset, held);
        (,, uint256 found,) = cash.fields(one);
        (,,, uint256 bits) = cash.fields(other);
        prove(
            found == engine && (one ^ word) & ~(uint256(255) << 136) == 0
                && (bits >> (asset - 1)) & 1 == (held ? 1 : 0) && (other ^ word) & ~(uint256(1) << (143 + asset)) == 0
        );
    }
}

contract CashReached is CashProof {
    function prove(bool) internal pure override {
        assert(false);
    }
}
