"""`python solve.py FILE`: cvc5 as the command that halmos expects, from the package on PyPI.

The package has the solver as a library only. Bit vectors are solved as integers: divisions by 1e18
and 1e27 are linear there, and circuits of 256 bits otherwise, which no solver got through.
"""

import sys

import cvc5

solver = cvc5.Solver()
solver.setOption("produce-models", "true")
solver.setOption("solve-bv-as-int", "sum")
parser = cvc5.InputParser(solver)
parser.setFileInput(cvc5.InputLanguage.SMT_LIB_2_6, sys.argv[1])
manager = parser.getSymbolManager()
while not (command := parser.nextCommand()).isNull():
    print(command.invoke(solver, manager), end="")
