#!/usr/bin/env bash
# Measures the embedded model on held-out problems, teaches it by reward, and measures it again:
#
#   bash evals/quickstart.sh [SEED] [FOLDER]
#
# The exit status is 1 if greedy accuracy did not rise or pass@16 fell. FOLDER
# (runs/quickstart-<time>) keeps the data, both measurements and the run with its checkpoints.
set -euo pipefail
cd "$(dirname "$0")/.."

temper=${TEMPER:-.build/release/temper}
seed=${1:-0}
folder=${2:-runs/quickstart-$(date +%Y%m%d-%H%M%S)}
mkdir -p "$folder"

# Training and held-out problems stand apart by a hash of the problem, whatever the seeds.
"$temper" data arithmetic --split test --count 512 --seed 1 >"$folder/test.jsonl"
"$temper" data arithmetic --split train --count 20000 --seed 2 >"$folder/train.jsonl"

# measure MODEL NAME [OPTION...]: greedy accuracy, and pass@16 at temperature 1.
measure() {
  "$temper" eval --model "$1" --data "$folder/test.jsonl" --verifier arithmetic --samples 16 \
    --max-new-tokens 24 --seed "$seed" --report "$folder/$2.json" "${@:3}"
}

echo "The embedded model on 512 held-out problems:"
measure models/arithmetic before
echo
echo "Teaching it by reward:"
"$temper" grpo --config evals/quickstart.yaml --model models/arithmetic \
  --data "$folder/train.jsonl" --seed "$seed" --runs "$folder" --name grpo 2> >(grep -v '^ *[a-z_0-9]*:' >&2)
echo
echo "What it learned:"
taught=$folder/grpo/checkpoints/latest/model
measure "$taught" after --against "$folder/before.json" --must-improve
echo
echo "The better model is in $taught"
echo "Try it: $temper generate --model $taught '7+5*3-2='"
