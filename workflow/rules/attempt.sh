# Sourced by every rule. `attempt LOG COMMAND...` runs a stage's command as one attempt of its job.
#
# What the command says goes to the terminal, to LOG (which Snakemake empties when the next attempt begins) and to a file that
# stays: $OPENQWQ_ATTEMPTS/<rule>.<number>[.job<Slurm's>].log. Its exit code is the command's. A failed attempt's last line
# begins with `openqwq: ` and says what to do.
attempt() {
  local log=$1 name count kept code last
  shift
  name=$(basename "$log" .log)
  mkdir -p "$OPENQWQ_ATTEMPTS" "$(dirname "$log")"
  count=$(find "$OPENQWQ_ATTEMPTS" -name "$name.[0-9]*" | wc -l)
  kept=$OPENQWQ_ATTEMPTS/$name.$((count + 1))${SLURM_JOB_ID:+.job$SLURM_JOB_ID}.log
  # A signal that ends a job goes to all its processes: the stage saves and has the last word, so the others stay until then.
  trap : TERM USR1
  set +e
  "$@" 2>&1 | (trap '' TERM USR1 INT HUP; exec tee "$log" "$kept")
  code=${PIPESTATUS[0]}
  set -e
  [ "$code" != 0 ] || return 0
  case $(tail -n 1 "$log") in openqwq:*) return "$code" ;; esac
  last=$({ grep '^openqwq: ' "$log" || true; } | tail -n 1) # srun and the other processes may have spoken after it
  if [ -z "$last" ]; then
    last="openqwq: $name ended with exit code $code and could not say why; the lines above may, or Slurm's log of the job. What was saved is kept: start again to go on from there, with more time or memory if those ran out."
  fi
  echo "$last" | tee -a "$log" "$kept"
  return "$code"
}
