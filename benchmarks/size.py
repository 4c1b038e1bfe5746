"""Size of every deployed unit on the chain: `python -m benchmarks.size [--write]`.

The figure is what EIP-170 limits: runtime code with its immutables. `--write` keeps it in
benchmarks/size.json.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from novate.engine.cache import load

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "benchmarks" / "size.json"
# [bytes] EIP-170.
LIMIT = 24_576


def deployed_units() -> list[Path]:
    """Sources of every unit that deploys: CamelCase.vy."""
    return sorted((ROOT / "contracts").glob("**/[A-Z]*.vy"))


def size(source: Path) -> int:
    """Bytes of code that the unit has on the chain."""
    compiled = load(source).compiler_data
    immutables: int = compiled.global_ctx.immutable_section_bytes
    return len(compiled.bytecode_runtime) + immutables


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.size", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"rewrite {FILE.relative_to(ROOT)}")
    options = parser.parse_args()
    units = deployed_units()
    # All cores: on a new machine this compiles what the tests find compiled afterwards.
    with ProcessPoolExecutor() as pool:
        sizes = dict(zip((unit.stem for unit in units), pool.map(size, units), strict=True))
    print(f"{'unit':<24}{'bytes':>8}{'of ' + f'{LIMIT:,}':>12}")
    for unit, count in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"{unit:<24}{count:>8,}{count / LIMIT:>12.1%}")
    if options.write:
        FILE.write_text(json.dumps(sizes, indent=2, sort_keys=True) + "\n")
    return int(any(count > LIMIT for count in sizes.values()))


if __name__ == "__main__":
    sys.exit(main())
