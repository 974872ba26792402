"""The script itself: nodes with GPUs, and when it refuses."""

import subprocess

import pytest
from conftest import SCRIPT, tool

pytestmark = pytest.mark.usefixtures("quiet")


def test_two_nodes_of_eight_gpus_each_take_a_job():
    assert tool("sinfo", "--noheader", "--Node", "--format=%N %G").split("\n")[:2] == ["gpu1 gpu:8", "gpu2 gpu:8"]
    tell = ("sh", "-c", "echo $SLURMD_NODENAME $SLURM_GPUS_ON_NODE")
    where = tool("srun", "--nodes=2", "--ntasks=2", "--gres=gpu:8", "--mem=100", *tell)
    assert sorted(where.split("\n")[:2]) == ["gpu1 8", "gpu2 8"]


@pytest.mark.parametrize("name", ["slurm.conf", "cgroup.conf"])
def test_a_configuration_of_somebody_else_is_left_alone(name):
    """In a mount namespace, /etc/slurm is another folder, with a file that the script did not write."""
    inside = f"mount -t tmpfs none /etc/slurm && echo ClusterName=theirs > /etc/slurm/{name} && {SCRIPT} up; echo $?; "
    inside += f"cat /etc/slurm/{name}; ls /etc/slurm"
    done = subprocess.run(["unshare", "--mount", "sh", "-c", inside], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["2", "ClusterName=theirs", name]
    assert f"/etc/slurm/{name} is a Slurm configuration that this script did not write" in done.stderr
    assert tool("sinfo", "--noheader")  # ours is still up


def test_without_root_it_says_why():
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", "bash", "-s", "up"], stdin=SCRIPT.open(), capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "not root" in done.stderr
