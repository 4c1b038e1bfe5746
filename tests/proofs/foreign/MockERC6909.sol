// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

import {Becomes} from "./Vyper.sol";
import {Bytecode} from "./Bytecode.sol";

/// As MockERC20.sol.
contract MockERC6909 is Becomes {
    constructor() {
        become(Bytecode.ERC6909);
    }

    function allowance(address, address, uint256) external view returns (uint256) {}
    function approve(address, uint256, uint256) external returns (bool) {}
    function balanceOf(address, uint256) external view returns (uint256) {}
    function burn(address, uint256, uint256) external {}
    function isOperator(address, address) external view returns (bool) {}
    function mint(address, uint256, uint256) external {}
    function setOperator(address, bool) external returns (bool) {}
    function transfer(address, uint256, uint256) external returns (bool) {}
    function transferFrom(address, address, uint256, uint256) external returns (bool) {}
}
