"""Every number that the documentation states, and the command that measures it.

Run from the root of the repository, ``python -m benchmarks.NAME --help``; results are JSON files in
``benchmarks/results``, and ``python -m benchmarks.table`` writes the tables of README.md from them.
"""
