"""The main job: a market, its agents and a path of real prices."""
