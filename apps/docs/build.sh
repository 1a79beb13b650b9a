#!/bin/sh
# build.sh FOLDER: the pages of the API in FOLDER/html. Fails if a public name has no docstring.
set -eu
mkdir -p "$1"
if ! { cat apps/docs/Doxyfile; echo "OUTPUT_DIRECTORY = $1"; } | doxygen - 2> "$1/warnings"; then
  cat "$1/warnings" >&2
  exit 1
fi
echo "$1/html/index.html"
