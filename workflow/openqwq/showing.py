"""The commands that show what a run made."""

import argparse


def data_show(options: argparse.Namespace) -> None:
    from openqwq.show.data import show

    show(options.path, options.n, options.where, options.seed, options.full)


def data_funnel(options: argparse.Namespace) -> None:
    from openqwq.show.attrition import show

    show(options.run)


def samples(options: argparse.Namespace) -> None:
    from openqwq.show.samples import show

    show(options.run, options.stage, options.benchmark, options.verdict, options.n, options.seed, options.full)


def compare(options: argparse.Namespace) -> None:
    from openqwq.report.compare import compare

    compare(options.run_a, options.run_b, options.out)
