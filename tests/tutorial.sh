#!/bin/sh
# tutorial.sh PAGE PREFIX WORK: see tutorial.py; in an empty folder.
set -eu
if ! reason=$(/usr/bin/python3 -c "import torch, matplotlib" 2>&1); then
  echo "SKIPPED: python3-torch and python3-matplotlib are needed: $(echo "$reason" | tail -n 1)"
  exit 0
fi
rm -rf "$3"
mkdir -p "$3"
exec /usr/bin/python3 "$(dirname "$0")/tutorial.py" "$1" "$2" "$3"
