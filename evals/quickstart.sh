#!/usr/bin/env bash
# Measures the embedded model on held-out problems, teaches it by reward for a few minutes, and
# measures it again:
#
#   bash evals/quickstart.sh [SEED] [FOLDER]
#
# The exit status is 1 if greedy accuracy did not improve. FOLDER (runs/quickstart-<date>) keeps the
# data, the run with its checkpoints, and both measurements as before.json and after.json.
set -euo pipefail
cd "$(dirname "$0")/.."

temper=${TEMPER:-.build/release/temper}
model=models/arithmetic
seed=${1:-0}
folder=${2:-runs/quickstart-$(date +%Y%m%d-%H%M%S)}
mkdir -p "$folder"

# Training and held-out problems stand apart by a hash of the problem, whatever the seeds.
"$temper" data arithmetic --split test --count 512 --seed 1 >"$folder/test.jsonl"
"$temper" data arithmetic --split train --count 20000 --seed 2 >"$folder/train.jsonl"

# measure MODEL NAME: greedy accuracy and pass@16 at temperature 1, with 95% intervals.
measure() {
  "$temper" eval --model "$1" --data "$folder/test.jsonl" --verifier arithmetic \
    --samples 16 --seed "$seed" --json | tail -n 1 >"$folder/$2.json"
}

# value NAME KEY: a number out of a measurement.
value() { sed -nE 's|.*"'"$2"'":([-+0-9.eE]+).*|\1|p' "$folder/$1.json"; }

# row LABEL KEY: one line of the table.
row() {
  printf '%-16s' "$1"
  for name in before after; do
    awk -v v="$(value $name "$2")" -v l="$(value $name "$2_low")" -v h="$(value $name "$2_high")" \
      'BEGIN { printf "   %5.1f%%  [%.1f, %.1f]", 100 * v, 100 * l, 100 * h }'
  done
  printf '\n'
}

echo "Measuring the embedded model on 512 held-out problems"
measure "$model" before
echo "Teaching it by reward"
"$temper" grpo --config evals/quickstart.yaml --model "$model" --data "$folder/train.jsonl" \
  --seed "$seed" --output "$folder/run"
echo "Measuring it again"
measure "$folder/run/checkpoints/latest/model" after

printf '\n%-16s   %-22s   %s\n' "" "before" "after  [95% interval]"
row "greedy accuracy" accuracy
row "pass@16" pass_at_16
echo
echo "The better model: $folder/run/checkpoints/latest/model"
echo "Try it: $temper generate --model $folder/run/checkpoints/latest/model --prompt '7+5*3-2='"

awk -v before="$(value before accuracy)" -v after="$(value after accuracy)" \
  'BEGIN { exit !(after > before) }' || {
  echo "Greedy accuracy did not improve." >&2
  exit 1
}
