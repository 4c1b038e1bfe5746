// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

import {Becomes} from "./Vyper.sol";
import {Bytecode} from "./Bytecode.sol";

/// The functions are for the compiler only: none of this code is deployed.
contract MockERC20 is Becomes {
    constructor(string memory name_, string memory symbol_, uint8 decimals_) {
        become(bytes.concat(Bytecode.TOKEN, abi.encode(name_, symbol_, decimals_)));
    }

    function DOMAIN_SEPARATOR() external view returns (bytes32) {}
    function allowance(address, address) external view returns (uint256) {}
    function approve(address, uint256) external returns (bool) {}
    function balanceOf(address) external view returns (uint256) {}
    function burn(address, uint256) external {}
    function decimals() external view returns (uint8) {}
    function mint(address, uint256) external {}
    function name() external view returns (string memory) {}
    function nonces(address) external view returns (uint256) {}
    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external {}
    function symbol() external view returns (string memory) {}
    function totalSupply() external view returns (uint256) {}
    function transfer(address, uint256) external returns (bool) {}
    function transferFrom(address, address, uint256) external returns (bool) {}
}
