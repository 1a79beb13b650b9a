#!/bin/sh
# smoke.sh: the peer that Debian has, replayed against the recorded trajectories; nothing is timed.
set -eu
python=${EBM_PYTHON:-/usr/bin/python3}
if ! reason=$("$python" -c "import torch" 2>&1); then
  echo "SKIPPED: $python has no torch (apt-get install python3-torch): $(echo "$reason" | tail -n 1)"
  exit 0
fi
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$(dirname "$0")/peers/eager_pytorch.py" --check
