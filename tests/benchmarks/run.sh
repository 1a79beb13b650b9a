#!/bin/sh
# run.sh PROGRAMS OUT: all of `make bench`. Kernels and trainers, then growth, then the peers; JSON and tables in OUT.
set -eu
programs=$1 out=$2 here=$(dirname "$0")
mkdir -p "$out"
export PYTHONDONTWRITEBYTECODE=1
rows() {  # rows NAME FILTER MIN_TIME REPETITIONS
  "$programs/benchmark" --benchmark_filter="$2" --benchmark_min_time="$3" --benchmark_repetitions="$4" \
    --benchmark_display_aggregates_only=true --benchmark_out="$out/$1.json" | grep -Ev '_(mean|stddev|cv) '
}
rows kernels '^(autograd|energy|gradient|both|accumulate|langevin|products|normal)/' 0.03 3
rows trainers '^trainer/' 0.03 3
python3 "$here/growth.py" "$programs/dual_gda_iteration" "$out/growth.json" | tee "$out/growth.md"
python3 "$here/compare_peers.py" "$programs/dual_gda_iteration" "$out/peers.json" | tee "$out/peers.md"
python3 "$here/compare_langevin.py" "$programs/langevin_chain" "$out/langevin.json" | tee "$out/langevin.md"
# What weights and exact kernels cost beside the published iteration: at most 1.6 times.
"$programs/dual_gda_iteration" --weights --seconds 10 | tee "$out/weights.json"
