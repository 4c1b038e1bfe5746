// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

/// The cheat codes that forge and halmos share.
interface Vm {
    function assume(bool condition) external pure;
    function chainId(uint256 id) external;
    function load(address target, bytes32 slot) external view returns (bytes32);
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// What every proof shares. A proof is a function `check_...` of symbolic arguments that says `prove`
/// once. A call that reverts ends a path without a word, which is how arguments are restricted to
/// what the contract accepts; that something is left is shown by a second contract, `...Reached`,
/// in which `prove` always fails: halmos must find a way there.
abstract contract Proof {
    function prove(bool holds) internal pure virtual {
        assert(holds);
    }

    function deploy(bytes memory code) internal returns (address made) {
        assembly {
            made := create(0, add(code, 32), mload(code))
        }
        require(made != address(0), "not deployed");
    }
}
