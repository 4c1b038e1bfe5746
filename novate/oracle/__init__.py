"""What feeds the oracle from outside: reporters and their signatures, smiles fitted to option
chains, market hours."""
