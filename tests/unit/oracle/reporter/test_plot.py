"""The oracle's pictures: drawn from what they are given, gaps included."""

import numpy as np
from matplotlib import pyplot as plt

from novate.oracle.chains import load_chain
from novate.oracle.fit import fit_slice
from novate.oracle.plot import draw_manipulation, draw_smiles, draw_variances

TIMES = list(range(0, 3_600, 60))


def test_a_manipulation() -> None:
    honest = [100.0 + 0.1 * (i % 3) for i in range(60)]
    pushed = [140.0 if 20 <= i < 40 else 100.0 for i in range(60)]
    served = [None, *honest[1:]]
    figure = draw_manipulation(
        TIMES,
        {"one": honest, "two": [price + 0.05 for price in honest], "pool": pushed},
        served,
        manipulated="pool",
        attack=(1_200, 2_400),
        title="attack",
    )
    top, bottom = figure.axes
    lines = {str(line.get_label()): np.asarray(line.get_ydata()) for line in top.get_lines()}
    assert set(lines) == {"one", "two", "pool", "served on chain"}
    assert np.isnan(lines["served on chain"][0]) and lines["pool"].max() == 140
    # The lower axis shows the honest ones, not the size of the attack.
    assert bottom.get_ylim()[1] < 0.01
    plt.close(figure)


def test_smiles_and_variances() -> None:
    fits = [fit_slice(quotes) for quotes in load_chain("BTC")[:2]]
    figure = draw_smiles(fits, title="BTC")
    assert [axes.get_title(loc="left")[:3] for axes in figure.axes] == ["2w:", "1m:"]
    plt.close(figure)
    figure = draw_variances(fits)
    assert len(figure.axes[0].get_lines()) == 2
    plt.close(figure)
