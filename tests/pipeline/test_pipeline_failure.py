"""A command that fails behind `| tee` fails its job, as itself: not by a missing output, and also where the output stands."""

import subprocess

import pytest
from conftest import BIN, ENVIRONMENT, ROOT, Workspace

pytestmark = pytest.mark.timeout(300)


def test_a_failing_stage_fails_its_job(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.run.mkdir(parents=True)
    (workspace.run / ".state").write_text("")  # where the folder of the stage's state ought to be
    done = workspace.snakemake("import_model")
    assert done.returncode != 0
    assert "openqwq: " in (workspace.run / "logs" / "import_model.log").read_text()
    assert "exited with non-zero exit code" in done.stdout, done.stdout[-3000:]
    assert "MissingOutputException" not in done.stdout


def test_what_fails_after_its_output_stands_is_not_taken_for_done(tmp_path):
    rules = f'include: "{ROOT}/workflow/rules/common.smk"\nrule half:\n    output: "half"\n'
    (tmp_path / "Snakefile").write_text(rules + '    shell: "(touch {output}; exit 75) 2>&1 | tee log"\n')
    where = ["--directory", str(tmp_path), "--configfile", str(ROOT / "config" / "tiny.yaml"), "--cores", "1"]
    command = [str(BIN / "snakemake"), "--snakefile", str(tmp_path / "Snakefile"), *where, "half"]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode != 0, done.stderr
    assert not (tmp_path / "half").exists()
