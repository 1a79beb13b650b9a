#!/bin/sh
# run.sh REFERENCE PROGRAM WORK: the tests of this folder, with the interpreter that EBM_PYTHON names.
set -eu
reference=$1 program=$2 work=$3
python=${EBM_PYTHON:-/usr/bin/python3}
here=$(dirname "$0")
if ! reason=$("$python" -c "import torch" 2>&1); then
  echo "SKIPPED: $python has no torch (apt-get install python3-torch): $(echo "$reason" | tail -n 1)"
  exit 0
fi
export PYTHONDONTWRITEBYTECODE=1
rm -rf "$work"
mkdir -p "$work"
"$reference" "$work"
"$python" "$here/test_export.py" "$work"
mkdir "$work/scripts" "$work/run"
"$python" "$here/test_run.py" "$program" "$work/run"
"$python" "$here/test_script.py" "$program" "$work/scripts"
