// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

import {Bytecode} from "./Bytecode.sol";
import {Proof, vm} from "./Proof.sol";

interface Series {
    function encode(uint256 underlying, uint256 expiry, uint256 strike, uint256 kind, uint256 barrier)
        external view returns (uint256);
    function require_valid(uint256 code) external view;
    function decode(uint256 code) external view returns (uint256, uint256, uint256, uint256, bool, bool);
    function pack(uint256 code, int256 quantity) external view returns (uint256);
    function unpack(uint256 word) external view returns (uint256, int256);
    function payoff(uint256 code, uint256 price) external view returns (uint256);
    function payout(uint256 code, int256 quantity, uint256 price) external view returns (int256);
}

/// contracts/instruments/series.vy
contract SeriesProof is Proof {
    Series series;

    function setUp() public {
        series = Series(deploy(Bytecode.SERIES));
    }

    /// Every option that has a code is read back whole, so no two options share one. Times and prices
    /// are given in the units of the code, and in steps of their fields that keep divisions small.
    function check_round_trip(uint16 underlying, uint8 hourly, uint8 strike, uint8 kind, uint8 barrier)
        external view
    {
        uint256 expiry = (490_000 + uint256(hourly)) * 3_600;
        uint256 code = series.encode(underlying, expiry, uint256(strike) * 1e18, kind, uint256(barrier) * 1e18);
        (uint256 u, uint256 e, uint256 s, uint256 b, bool put, bool touch) = series.decode(code);
        prove(
            code < 2 ** 160 && u == underlying && e == expiry && s == uint256(strike) * 1e18
                && b == uint256(barrier) * 1e18 && put == (kind & 1 == 1) && touch == (kind & 2 == 2)
                && (code >> 56) & 255 == kind
        );
    }

    /// Every integer that passes for a code is the code of what it is read as: one code an option.
    function check_one_code_each(uint256 code) external view {
        series.require_valid(code);
        (uint256 u, uint256 e, uint256 s, uint256 b,,) = series.decode(code);
        prove(series.encode(u, e, s, (code >> 56) & 255, b) == code);
    }

    /// Sorted words group by underlying, then by expiry, then by strike.
    function check_order(uint256 one, uint256 other) external view {
        vm.assume(one < other);
        (uint256 code, ) = series.unpack(one);
        (uint256 next, ) = series.unpack(other);
        (uint256 first, uint256 second) = (code >> 120, next >> 120);
        (uint56 low, uint56 high) = (uint56(code >> 64), uint56(next >> 64));
        prove(first < second || (first == second && low <= high));
    }

    /// A position's word gives back code and signed quantity.
    function check_position(uint256 code, int256 quantity) external view {
        series.require_valid(code);
        (uint256 c, int256 q) = series.unpack(series.pack(code, quantity));
        prove(c == code && q == quantity);
    }

    /// 0 <= put <= strike, 0 <= call <= price, one of them is 0, call - put = price - strike: which is
    /// max(K - P, 0) and max(P - K, 0), for every code and price.
    function check_payoff(uint256 code, uint256 price) external view {
        series.require_valid(code);
        vm.assume(price < 2 ** 255);
        (,, uint256 strike,, bool isPut,) = series.decode(code);
        uint256 one = series.payoff(code, price);
        uint256 other = series.payoff(code ^ (1 << 56), price);
        (uint256 call, uint256 put) = isPut ? (other, one) : (one, other);
        prove(
            put <= strike && call <= price && (put == 0 || call == 0)
                && int256(call) - int256(put) == int256(price) - int256(strike)
        );
    }

    /// What a long receives its short pays, or one wei more, at a payoff of some odd wei: wider unknowns
    /// are beyond the solver, whose divisions are circuits.
    function check_payout(uint8 size) external view {
        uint256 code = option(2_700e8, true);
        int256 quantity = int256(uint256(size)) * 123_456_789_012_345;
        int256 long = series.payout(code, quantity, 2_603_123_456_789_012_345_678);
        int256 short = series.payout(code, -quantity, 2_603_123_456_789_012_345_678);
        prove(long >= 0 && long + short <= 0 && long + short >= -1);
    }

    /// A vanilla option on underlying 1.
    function option(uint256 strike, bool put) internal pure returns (uint256) {
        return (1 << 144) | (strike << 64) | (put ? 1 << 56 : 0);
    }
}

contract SeriesReached is SeriesProof {
    function prove(bool) internal pure override {
        assert(false);
    }
}
