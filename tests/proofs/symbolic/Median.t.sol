// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

import {Bytecode} from "./Bytecode.sol";
import {Proof, vm} from "./Proof.sol";

interface Medians {
    function median(uint256[9] calldata figures, uint256 count) external view returns (uint256);
}

/// contracts/oracle/medians.vy. Figures of 8 bits: a median of comparisons alone depends on the order
/// of its figures, and 256 of them have every order that five can have.
contract MedianProof is Proof {
    Medians medians;

    function setUp() public {
        medians = Medians(deploy(Bytecode.MEDIAN));
    }

    /// Of three, one may say what it likes, wherever it stands: the median stays between the honest.
    function check_one_liar_of_three(uint8 low, uint8 high, uint8 lie, uint8 place) external view {
        vm.assume(low <= high);
        uint256[9] memory figures;
        if (place == 0) (figures[0], figures[1], figures[2]) = (lie, low, high);
        else if (place == 1) (figures[0], figures[1], figures[2]) = (high, lie, low);
        else (figures[0], figures[1], figures[2]) = (low, high, lie);
        uint256 found = medians.median(figures, 3);
        prove(found >= low && found <= high);
    }

    /// Of four, one: likewise with the mean of the middle two.
    function check_one_liar_of_four(uint8 a, uint8 b, uint8 c, uint8 lie) external view {
        vm.assume(a <= b && b <= c);
        uint256[9] memory figures;
        (figures[0], figures[1], figures[2], figures[3]) = (b, lie, c, a);
        uint256 found = medians.median(figures, 4);
        prove(found >= a && found <= c);
    }

    /// Of five, two.
    function check_two_liars_of_five(uint8 a, uint8 b, uint8 c, uint8 lie, uint8 other) external view {
        vm.assume(a <= b && b <= c);
        uint256[9] memory figures;
        (figures[0], figures[1], figures[2], figures[3], figures[4]) = (lie, c, a, other, b);
        uint256 found = medians.median(figures, 5);
        prove(found >= a && found <= c);
    }

    /// The order of the sources decides nothing.
    function check_order_of_sources(uint8 a, uint8 b, uint8 c) external view {
        uint256[9] memory one;
        uint256[9] memory other;
        (one[0], one[1], one[2]) = (a, b, c);
        (other[0], other[1], other[2]) = (c, a, b);
        prove(medians.median(one, 3) == medians.median(other, 3));
    }
}

contract MedianReached is MedianProof {
    function prove(bool) internal pure override {
        assert(false);
    }
}
