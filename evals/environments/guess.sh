#!/usr/bin/env bash
# Teaches a random model of 0.8M parameters to play a game of four guesses: a little supervised
# fine-tuning on the expert's episodes, then reward alone.
#
#   bash evals/environments/guess.sh [SEED] [FOLDER]
#
# The exit status is 1 unless the paired 95% interval of the change in held-out success lies above 0.
# FOLDER (runs/guess-<time>) keeps models, measurements and the run.
set -euo pipefail
cd "$(dirname "$0")/../.."
source evals/environments/common.sh

seed=${1:-0}
folder=${2:-runs/guess-$(date +%Y%m%d-%H%M%S)}
environment='guess:largest=16,turns=4,terse=true'
turn_tokens=4
mkdir -p "$folder"

warm_start 64 40
echo "After 40 steps on the expert's episodes:"
measure "$folder/warm" before
echo
echo "By reward:"
"$temper" grpo --config evals/environments/guess.yaml --environment "$environment" \
  --model "$folder/warm" --seed "$seed" --runs "$folder" --name grpo \
  2> >(grep -v '^ *[a-z_0-9]*:' >&2)
echo
measure "$folder/grpo/checkpoints/latest/model" after --against "$folder/before.json"
