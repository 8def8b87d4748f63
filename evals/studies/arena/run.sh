#!/usr/bin/env bash
# Runs the study of entropy methods and writes its tables and its page into FOLDER:
#
#   bash evals/studies/arena/run.sh [FOLDER] [JOBS]
#
# The same command goes on where one that was interrupted stopped.
set -euo pipefail
cd "$(dirname "$0")/../../.."

temper=${TEMPER:-.build/release/temper}
folder=${1:-runs/arena}
mkdir -p "$folder"
"$temper" data arithmetic --split test --count 256 --seed 1 >"$folder/test.jsonl"
"$temper" data arithmetic --split train --count 20000 --seed 2 >"$folder/train.jsonl"
exec "$temper" arena --config evals/studies/arena/arena.yaml --data "$folder/train.jsonl" \
  --test "$folder/test.jsonl" --output "$folder" --jobs "${2:-2}"
