#!/usr/bin/env node
// The compiler that npm has, spoken to as forge speaks to a native one.
const solc = require("solc");
if (process.argv.includes("--version")) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else {
  const input = require("fs").readFileSync(0, "utf8");
  process.stdout.write(solc.compile(input));
}
