"""What every agent's process needs, imported once: processes are copies of one that has it."""

from ..deploy import compiled
from ..graph import UNITS

for unit in UNITS:
    if not unit.when:
        compiled(unit.source)
