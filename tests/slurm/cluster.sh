#!/usr/bin/env bash
# A Slurm cluster of two nodes, gpu1 and gpu2, with eight placeholder GPUs each, on this machine: cluster.sh up | down
#
# As root, with Debian's slurm-wlm and munge; on the loopback interface alone. What it writes is /etc/slurm/slurm.conf and
# gres.conf, where Slurm's tools look for them, and the folder below /run; `down` removes both and ends only the daemons that
# `up` started. munge gets a key and a socket of its own, so that one which may be running here is not touched.
# The cluster belongs to the process that called `up`; as long as that lives, no other can bring one up.
# Exit codes: 0 done; 2 the machine cannot have it, and one line on standard error says why.
set -euo pipefail

here=/run/openqwq-slurm
etc=/etc/slurm
mark="# Written by open-qwq's tests/slurm/cluster.sh, which removes it again."
controller=26817 # ports that no Slurm has by default: 6817 and 6818 may be taken
nodes=27001

refuse() { echo "cluster.sh: $*" >&2; exit 2; }

ours() { [ -f "$1" ] && [ "$(head -n 1 "$1")" = "$mark" ]; }

check() {
  [ "$(id -u)" = 0 ] || refuse "not root: slurmd starts jobs for users, so only root can bring a cluster up. Run as root, in a container for example."
  local program
  for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null || refuse "$program is not installed. Install slurm-wlm and munge (make test-slurm does, on Debian)."
  done
  local file
  for file in "$etc"/{slurm,gres,cgroup}.conf; do
    [ ! -e "$file" ] || ours "$file" || refuse "$file is a Slurm configuration that this script did not write. Nothing was changed; test on a machine without one."
  done
}

configure() {
  local name memory
  name=$(hostname -s)
  memory=$(awk '/^MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo) # of each node, though both have the same
  mkdir -p "$here"/{gpu,state,spool-gpu1,spool-gpu2,log}
  touch "$here"/gpu/gpu{0..7}
  if [ ! -d "$etc" ]; then mkdir "$etc" && touch "$here/made-etc"; fi
  cat >"$etc/slurm.conf" <<CONF
$mark
ClusterName=openqwq
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=$controller
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$here/munge/socket,cred_expire=15
CredType=cred/munge
StateSaveLocation=$here/state
SlurmdSpoolDir=$here/spool-%n
SlurmctldPidFile=$here/slurmctld.pid
SlurmdPidFile=$here/slurmd-%n.pid
SlurmctldLogFile=$here/log/slurmctld.log
SlurmdLogFile=$here/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=2,bf_interval=2
KillWait=30
MinJobAge=300
NodeName=gpu[1-2] NodeHostname=$name NodeAddr=127.0.0.1 Port=[$nodes-$((nodes + 1))] CPUs=$(nproc) RealMemory=$memory Gres=gpu:8
PartitionName=both Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  cat >"$etc/gres.conf" <<CONF
$mark
NodeName=gpu[1-2] Name=gpu File=$here/gpu/gpu[0-7]
CONF
}

start_munge() {
  local folder=$here/munge
  mkdir -p "$folder"
  dd if=/dev/urandom of="$folder/key" bs=128 count=1 status=none
  chown -R munge:munge "$folder"
  chmod 755 "$folder"
  chmod 400 "$folder/key"
  chmod 755 "$here"
  local as=munge
  runuser -u "$as" -- munged --key-file="$folder/key" --socket="$folder/socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munged.log" --seed-file="$folder/seed"
}

up() {
  check
  local user
  user=$(cat "$here/up" 2>/dev/null || true)
  if [ -n "$user" ] && [ "$user" != "$PPID" ] && [ -e "/proc/$user" ]; then refuse "process $user uses a cluster of this script. Wait for it to end."; fi
  [ ! -e "$here/up" ] || down # left by one that was killed
  mkdir -p "$here"
  echo "$PPID" >"$here/up"
  configure
  start_munge
  slurmctld
  slurmd -N gpu1
  slurmd -N gpu2
  local begun=$SECONDS
  until [ "$(sinfo --noheader --Node --format=%T 2>/dev/null | sort | uniq -c | xargs)" = "2 idle" ]; do
    if [ $((SECONDS - begun)) -gt 60 ]; then
      sinfo --Node --long >&2 || true
      tail -n 20 "$here"/log/*.log >&2 || true
      down
      refuse "the two nodes were not idle within 60 s; the logs stand above."
    fi
    sleep 0.5
  done
  echo "cluster.sh: gpu1 and gpu2 are up"
}

# Ends a daemon by its pid file, if the process is that daemon.
stop() {
  local pid
  pid=$(cat "$2" 2>/dev/null) || return 0
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] || return 0
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 100); do [ -e "/proc/$pid" ] || return 0; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
}

down() {
  [ "$(id -u)" = 0 ] || refuse "not root"
  if [ ! -e "$here/up" ]; then echo "cluster.sh: no cluster of this script is up"; return; fi
  if ours "$etc/slurm.conf"; then
    # Jobs first: a slurmd that ends leaves its jobs running.
    timeout 10 scancel --signal=KILL --full --user="$(id -un)" 2>/dev/null || true
    timeout 10 scancel --user="$(id -un)" 2>/dev/null || true
    for _ in $(seq 40); do [ -n "$(timeout 5 squeue --noheader 2>/dev/null)" ] || break; sleep 0.25; done
  fi
  stop slurmd "$here/slurmd-gpu1.pid"
  stop slurmd "$here/slurmd-gpu2.pid"
  stop slurmctld "$here/slurmctld.pid"
  stop munged "$here/munge/munged.pid"
  local file
  for file in "$etc/slurm.conf" "$etc/gres.conf"; do if ours "$file"; then rm -f "$file"; fi; done
  if [ -e "$here/made-etc" ]; then rmdir "$etc" 2>/dev/null || true; fi
  rm -rf "$here"
  echo "cluster.sh: down"
}

case ${1-} in
  up) up ;;
  down) down ;;
  check) check ;;
  *) echo "usage: tests/slurm/cluster.sh up | down | check" >&2; exit 2 ;;
esac
