#!/bin/sh
# ranks.sh PROGRAM MPIRUN WORK: trainings by mpirun. The same bits for any number of ranks; what is refused; a rank that
# is killed or stopped ends the run, and the checkpoint goes on.
set -u
program=$1 mpirun=$2 work=$3
# Open MPI: as root, and with more ranks than cores.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 1

cat > configuration.json <<'END'
{
  "dataset": {"name": "teacher_student", "train": 17001, "test": 500,
              "teacher": {"name": "teacher", "neurons": [[0, 0, 1], [0, 1, 0]]}},
  "energy": {"name": "shallow", "neurons": 8},
  "trainer": {"name": "dual_gda", "particle_step": 0.02},
  "loop": {"iterations": 40, "checkpoint_every": 5},
  "metrics": {"every": 20, "resolution": 20}
}
END

failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
# ranks N FOLDER ARGUMENTS...: a training, its output in FOLDER.log
ranks() {
  number=$1 folder=$2
  shift 2
  timeout 120 "$mpirun" -n "$number" "$program" train configuration.json --threads 1 --out "$folder" "$@" \
    > "$folder.log" 2>&1
}
same() { cmp -s "$1/model.ebm" "$2/model.ebm" || fail "$2/model.ebm differs from $1/model.ebm"; }
says() { grep -q -- "$2" "$1" || { fail "$1 does not say: $2"; sed 's/^/  | /' "$1"; }; }
# processes FOLDER: of the training into it, this shell and mpirun not among them
processes() { pgrep -f "^$program train .*--out $1( |$)"; }
# wait_for FILE: until it is there
wait_for() {
  for _ in $(seq 300); do
    [ -e "$1" ] && return
    sleep 0.1
  done
  fail "$1 has not come"
}

"$program" train configuration.json --threads 2 --out alone > alone.log 2>&1 || fail "alone: $(cat alone.log)"
for number in 2 3 4; do
  ranks "$number" "by_$number" || fail "$number ranks: $(cat "by_$number.log")"
  same alone "by_$number"
  [ "$(grep -c '^report' "by_$number.log")" = 1 ] || fail "by_$number.log: more than one rank prints"
done

# What differs, and what is not for ranks.
timeout 60 "$mpirun" -n 1 "$program" train configuration.json --out differs : \
  -n 1 "$program" train configuration.json --out differs --seed 1 > differs.log 2>&1 && fail "two seeds are taken"
says differs.log "dualebm: ranks: rank 1 differs from rank 0 in its configuration"
ranks 2 weights --set 'trainer={"name": "dual_gda"}' && fail "weights are taken"
says weights.log "dualebm: ranks: 2 were started, and particles with weights are on one"
[ -e weights ] && fail "a refused training has made a folder"
timeout 60 "$mpirun" -n 2 "$program" list trainer > list.log 2>&1 && fail "list is taken"
says list.log "only train is for more than one"

long="--set loop.iterations=100000000"
# Interrupted: a checkpoint of all particles, which another number of ranks goes on from.
ranks 3 stopped $long &
wait_for stopped/checkpoint.ebm
kill -TERM "$(pgrep -f "^$mpirun -n 3 $program train .*--out stopped")"
wait
says stopped/manifest.json '"status": "interrupted: by SIG'

# Killed: the launcher ends the others.
ranks 2 killed $long &
wait_for killed/checkpoint.older.ebm
start=$(date +%s)
kill -KILL "$(processes killed | tail -n 1)"
wait
[ $(($(date +%s) - start)) -le 10 ] || fail "killed: the others went on for $(($(date +%s) - start)) s"
processes killed > /dev/null && fail "killed: somebody is left"
says killed/manifest.json '"status": "running"'

# Stopped: the others wait for as long as they were told to.
ranks 2 frozen $long --rank-timeout 3 &
wait_for frozen/checkpoint.older.ebm
start=$(date +%s)
kill -STOP "$(processes frozen | tail -n 1)"
wait
[ $(($(date +%s) - start)) -le 15 ] || fail "frozen: the others went on for $(($(date +%s) - start)) s"
processes frozen > /dev/null && fail "frozen: somebody is left"
says frozen.log "has waited 3 s for another"

# All of them go on, and end where a training that was never disturbed does.
for folder in stopped killed frozen; do
  timeout 120 "$mpirun" -n 2 "$program" train --resume "$folder" --threads 1 --set loop.iterations=1 > "$folder.log" 2>&1 ||
    fail "--resume $folder: $(cat "$folder.log")"
  end=$(sed -n 's/^  "iteration": \([0-9]*\),$/\1/p' "$folder/manifest.json")
  "$program" train configuration.json --threads 2 --out "$folder.alone" --set loop.iterations="$end" > "$folder.alone.log" 2>&1
  same "$folder.alone" "$folder"
done

[ "$failures" = 0 ] && echo "ranks: all as it should be"
[ "$failures" = 0 ]
