"""Who may know whom, and how long a file may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "workflow" / "openqwq"
# A module may import from its own row and from rows below it, never from one above.
ROWS = [
    {
        "cli",
        "cli_reference",
        "stages",
        "comparing",
        "serving",
        "showing",
        "given",
        "evaluations",
        "releasing",
        "talking",
        "starting",
        "status",
        "clean",
    },
    {"data", "train", "evaluate", "report", "show", "plan", "model", "release", "talk", "start"},
    {"verify", "generate", "agents"},
    {
        "sandbox",
        "artifacts",
        "config",
        "stage",
        "lock",
        "stopping",
        "progress",
        "environment",
        "versions",
        "errors",
        "precision",
        "ranks",
        "slurm",
    },
]
HEAVY = {"torch", "transformers", "trl", "accelerate", "datasets", "vllm"}
LIGHT = {"verify", "sandbox", "config", "artifacts", "plan"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path):
    """Every module that a file imports, also inside functions: absolute names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = path.parents[node.level - 1].relative_to(PACKAGE.parent).parts if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from openqwq import stages` imports openqwq.stages
            yield from (f"openqwq.{alias.name}" for alias in node.names) if module == "openqwq" else [module]


def row_of(room):
    found = [number for number, rooms in enumerate(ROWS) if room in rooms]
    assert found, f"{room}: no row here; place it in ROWS and in docs/architecture.md"
    return found[0]


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_nothing_imports_upwards():
    wrong = []
    for path in MODULES:
        if path == PACKAGE / "__init__.py":
            continue
        room, where = room_of(path), path.relative_to(PACKAGE)
        for name in imports(path):
            top, *rest = name.split(".")
            if top == "openqwq" and rest and row_of(rest[0]) < row_of(room):
                wrong.append(f"{where} imports {name}, which lies above it")
            if top == "snakemake" or (top in HEAVY and room in LIGHT):
                wrong.append(f"{where} imports {name}")
    assert not wrong


def test_the_check_sees_an_import_inside_a_function(tmp_path):
    (tmp_path / "x.py").write_text("def f():\n    from openqwq import stages\n    import torch.nn\n")
    assert set(imports(tmp_path / "x.py")) == {"openqwq.stages", "torch.nn"}


def test_parsing_the_snakefile_imports_nothing_heavy():
    code = (
        "import sys\nfrom snakemake.cli import main\n"
        "try:\n    main(['--configfile', 'config/qwq-32b.yaml', '--cores', '1', '--list-rules'])\n"
        f"except SystemExit as end:\n    code = end.code\nprint(code, sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.stderr.splitlines()[-1] in ("0 []", "None []"), result.stderr
    assert "reason" in result.stdout + result.stderr


def test_help_is_instant_because_nothing_heavy_is_imported():
    code = "import sys\nfrom openqwq.cli import parser\nparser()\nprint(sorted(" + repr(HEAVY) + " & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "[]", result.stderr


@pytest.mark.parametrize("folder", ["workflow", "tests", "benchmarks"])
def test_no_file_is_past_300_lines(folder):
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.smk")]
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert not long
