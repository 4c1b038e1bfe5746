// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

/// What the foreign suites use of ds-test, which no registry has: here a wrong claim reverts.
abstract contract DSTest {
    event log_named_address(string key, address value);
    event log_named_bytes(string key, bytes value);
    event log_named_bytes32(string key, bytes32 value);
    event log_named_decimal_uint(string key, uint256 value, uint256 decimals);
    event log_named_int(string key, int256 value);
    event log_named_string(string key, string value);
    event log_named_uint(string key, uint256 value);
    event log(string text);

    address constant HEVM_ADDRESS = address(uint160(uint256(keccak256("hevm cheat code"))));

    function fail() internal pure virtual {
        revert("fail");
    }

    function assertTrue(bool holds) internal pure virtual {
        require(holds, "assertTrue");
    }

    function assertEq(uint256 a, uint256 b) internal pure virtual {
        require(a == b, "assertEq");
    }

    function assertEq(int256 a, int256 b) internal pure virtual {
        require(a == b, "assertEq");
    }

    function assertEq(address a, address b) internal pure virtual {
        require(a == b, "assertEq");
    }

    function assertEq(bytes32 a, bytes32 b) internal pure virtual {
        require(a == b, "assertEq");
    }

    function assertEq(string memory a, string memory b) internal pure virtual {
        require(keccak256(bytes(a)) == keccak256(bytes(b)), "assertEq");
    }

    function assertEq(bytes memory a, bytes memory b) internal pure virtual {
        require(keccak256(a) == keccak256(b), "assertEq");
    }
}
