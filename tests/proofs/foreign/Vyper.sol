// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

interface Etch {
    function etch(address target, bytes calldata code) external;
}

/// Becomes a contract of other code: the constructor of that code runs in the storage here, and what it
/// returns is deployed in place of what Solidity made. So a foreign suite that says `new MockERC20(...)`
/// has the compiler's bytecode before it, with nothing in between.
abstract contract Becomes {
    function become(bytes memory creation) internal {
        address code = address(uint160(uint256(keccak256(creation))));
        Etch(address(uint160(uint256(keccak256("hevm cheat code"))))).etch(code, creation);
        (bool done, bytes memory runtime) = code.delegatecall("");
        require(done, "constructor failed");
        assembly {
            return(add(runtime, 32), mload(runtime))
        }
    }
}
