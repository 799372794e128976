"""Draws how far each condition takes each model: mean word error rates over people and engines never heard."""

from pathlib import Path

import click

from benchmarks.conditions import CONDITIONS
from benchmarks.generalise import CLEAN
from benchmarks.generalise_table import Entry, compared
from benchmarks.record import RESULTS, ROOT
from benchmarks.table import load

PLOT = ROOT / "docs" / "generalise.svg"


@click.command("generalise_plot")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), default=PLOT, help="SVG to write.")
def main(plot: Path) -> None:
    """Draw the results of benchmarks.generalise."""
    results = load(RESULTS)
    if "generalise" not in results:
        raise click.ClickException(
            "results/generalise.json is not there; run python -m benchmarks.generalise"
        )
    draw(results, plot)


def lines(results: Entry) -> dict[str, list[float]]:
    """Mean word error rates in percent, clean and in each condition, of each model that heard all of them."""
    names = [f"mean, {condition}" for condition in (CLEAN, *CONDITIONS)]
    return {
        model: [100 * column["summary"][name] for name in names]
        for model, column in compared(results).items()
        if set(names) <= column["summary"].keys()
    }


def draw(results: Entry, path: Path) -> None:
    """Write the figure to ``path``."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "generalise"})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4))
    for (name, rates), style in zip(lines(results).items(), ("o-", "s--", "o:", "^-"), strict=False):
        axes.plot((CLEAN, *CONDITIONS), rates, style, label=name)
    axes.set(ylabel="mean word error rate / %", ylim=(0, None))
    axes.tick_params("x", rotation=40)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)


if __name__ == "__main__":
    main()
