"""Small functions, small files: prints the sizes and fails above the limits."""

import ast
import statistics
import sys
from pathlib import Path

FILE_LINES = 500
FUNCTION_LINES = 80


def main() -> int:
    """Exit code 1 if a file or a function is too long."""
    files = sorted(path for folder in ("src", "benchmarks") for path in Path(folder).rglob("*.py"))
    sources = sorted(path for ending in ("*.h", "*.cpp") for path in Path("native").rglob(ending))
    functions = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    lines = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in [*files, *sources]}
    for what, sizes in (("functions", functions), ("files", lines)):
        median = statistics.median(sizes.values())
        print(f"{len(sizes)} {what}: median {median:.0f} lines, most {max(sizes.values())}")
    long = [f"{name}: {size} lines" for name, size in functions.items() if size > FUNCTION_LINES]
    long += [f"{name}: {size} lines" for name, size in lines.items() if size > FILE_LINES]
    print("\n".join(long))
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
