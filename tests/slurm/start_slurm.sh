#!/bin/bash
# Runs a Slurm cluster of a controller and two nodes on loopback for tests, from Debian's packages
# (installed by apt when missing), on free ports, with everything it writes in a folder of its own
# that is removed at the end. Several can run at once. Takes root, under whom all of it runs.
#
#     start_slurm.sh [--no-install] [--gpu] [--forget] [--preempt]
#
# Prints what clients need, then "ready":
#
#     MAT_SLURM_CONF=…     for their SLURM_CONF
#     MAT_SLURM_FOLDER=…   where its state and logs are
#
# and reads commands, each of which it answers with one line: "done", or what went wrong.
#
#     kill-controller, start-controller
#     freeze-controller, thaw-controller
#     kill-node n1        with all that runs on it, as when a machine loses power
#     start-node n1
#
# The nodes are n1 and n2, each with one core and 2000 MB of memory, and with --gpu n2 has what Slurm
# takes for one: /dev/null. With --forget, what has ended is gone from squeue after two seconds, and
# only the log of completions has it. The partitions are "main", the default, and "short", whose jobs
# may run for a minute; with --preempt also "urgent", whose jobs take the nodes from others, which are
# put back into the queue, or cancelled when they are in the partition "spare", or told eight seconds
# before in "patient". All ends when the input does, or at SIGTERM.
# The exit status is 77 when no cluster can run here, with the reason on stderr.
set -u

cannot() { echo "start_slurm.sh: $1" >&2; exit 77; }

has_slurm() {
  command -v slurmctld slurmd munged sbatch srun scontrol setpriv >/dev/null
}

PATH=$PATH:/usr/sbin
[ "$(id -u)" = 0 ] || cannot "only root can run Slurm's daemons"
if ! has_slurm; then
  [[ " $* " == *" --no-install "* ]] && cannot "Slurm is not installed"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    slurm-wlm munge python3 >&2 || cannot "Slurm cannot be installed"
  has_slurm || cannot "Slurm was installed, but does not work"
fi

folder=$(mktemp -d /tmp/mat-slurm-XXXXXX) || cannot "no folder for the cluster"
chmod 755 "$folder"
mkdir -p "$folder"/{state,run,spool,log}
conf=$folder/slurm.conf
declare -A daemons=()

# All processes of the cluster on the node $1, or on any node: Slurm's own and those of its jobs.
processes_of() {
  local files
  files=$(grep -lzxF "SLURM_CONF=$conf" /proc/[0-9]*/environ 2>/dev/null)
  # shellcheck disable=SC2086
  [ -z "$1" ] || files=$(grep -lzxF "SLURMD_NODENAME=$1" $files /dev/null 2>/dev/null)
  awk -F/ 'NF { print $3 }' <<<"$files"
}

kill_all() {
  local pid
  for pid in "$@"; do
    [ "$pid" = $$ ] || kill -KILL "$pid" 2>/dev/null
  done
}

finish() {
  trap - EXIT
  # Jobs start processes until their daemons are gone.
  kill_all "${daemons[@]}"
  wait "${daemons[@]}" 2>/dev/null
  for _ in 1 2 3; do
    # shellcheck disable=SC2046
    kill_all $(processes_of "")
  done
  # What was just killed may still be writing.
  for _ in 1 2 3; do
    rm -rf "$folder" 2>/dev/null && break
    sleep 0.1
  done
}
trap finish EXIT
trap 'exit 0' TERM INT HUP

read -r controller n1 n2 < <(python3 - <<'P'
import socket
sockets = [socket.socket() for _ in range(3)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))
P
)
host=$(hostname -s)

gpu=
if [[ " $* " == *" --gpu "* ]]; then
  gpu=" Gres=gpu:1"
  echo "GresTypes=gpu" >"$conf"
  echo "NodeName=n2 Name=gpu File=/dev/null" >"$folder/gres.conf"
fi
[[ " $* " != *" --forget "* ]] || echo "MinJobAge=2" >>"$conf"
if [[ " $* " == *" --preempt "* ]]; then
  cat >>"$conf" <<C
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=urgent Nodes=ALL PriorityTier=9 PreemptMode=OFF State=UP
PartitionName=spare Nodes=ALL PriorityTier=1 PreemptMode=CANCEL State=UP
PartitionName=patient Nodes=ALL PriorityTier=1 PreemptMode=REQUEUE GraceTime=8 State=UP
C
fi
cat >>"$conf" <<C
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/run/munge,cred_expire=5
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/run/controller.pid
SlurmdPidFile=$folder/run/%n.pid
SlurmctldLogFile=$folder/log/controller
SlurmdLogFile=$folder/log/%n
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/log/completions
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
KillWait=5
SlurmdTimeout=4
MessageTimeout=3
TCPTimeout=1
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$n1 CPUs=1 RealMemory=2000
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$n2 CPUs=1 RealMemory=2000$gpu
PartitionName=main Nodes=ALL Default=YES State=UP
PartitionName=short Nodes=ALL MaxTime=1 State=UP
C
# Nothing here uses control groups, and a container may have none: version 1 is not looked for.
echo "CgroupPlugin=cgroup/v1" >"$folder/cgroup.conf"
export SLURM_CONF=$conf

# start NAME PROGRAM…: a daemon that ends with this script, however that ends.
start() {
  local name=$1
  shift
  setpriv --pdeathsig KILL "$@" </dev/null >>"$folder/log/$name.output" 2>&1 &
  daemons[$name]=$!
}
start_munge() {
  dd if=/dev/urandom of="$folder/run/key" bs=128 count=1 2>/dev/null
  chmod 400 "$folder/run/key"
  start munge munged --foreground --force --socket="$folder/run/munge" --key-file="$folder/run/key" \
    --seed-file="$folder/run/seed" --pid-file="$folder/run/munge.pid" --log-file="$folder/log/munge" \
    --num-threads=2
}
start_controller() { start controller slurmctld -D -f "$conf"; }
start_node() {
  mkdir -p "$folder/spool/$1"
  start "$1" env SLURMD_NODENAME="$1" slurmd -D -f "$conf" -N "$1"
}

# until_true COMMAND…: within ten seconds.
until_true() {
  for _ in $(seq 200); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  return 1
}
controller_answers() { scontrol ping | grep -q ' is UP'; }
# A job that waits for it takes it at once.
node_works() { sinfo -h -N -n "$1" -o %T | grep -qxE 'idle|mixed|allocated|completing'; }
answer() { if "$@"; then echo "done"; else echo "failed: $*"; fi; }

stop_daemon() {
  [ "$1" = controller ] || kill_all "${daemons[$1]}"
  wait "${daemons[$1]}" 2>/dev/null
  unset "daemons[$1]"
}

start_munge
until_true test -S "$folder/run/munge" || { tail "$folder/log"/* >&2; cannot "munge does not start"; }
start_controller
# A node that finds no controller tries again only seconds later.
until_true controller_answers && start_node n1 && start_node n2 &&
  until_true node_works n1 && until_true node_works n2 || {
  tail -n 30 "$folder/log"/* >&2
  cannot "Slurm does not start"
}

cat <<C
MAT_SLURM_CONF=$conf
MAT_SLURM_FOLDER=$folder
ready
C
while read -r command node; do
  case $command in
    kill-controller)
      # What it knows of jobs it writes every five seconds, and when it is told to end.
      kill -TERM "${daemons[controller]}"
      answer stop_daemon controller
      ;;
    freeze-controller) answer kill -STOP "${daemons[controller]}" ;;
    thaw-controller) answer kill -CONT "${daemons[controller]}" ;;
    start-controller) start_controller && answer until_true controller_answers ;;
    kill-node)
      stop_daemon "$node"
      for _ in 1 2 3; do
        # shellcheck disable=SC2046
        kill_all $(processes_of "$node")
      done
      echo "done"
      ;;
    start-node) start_node "$node" && answer until_true node_works "$node" ;;
    *) echo "there is no command $command" ;;
  esac
done
