#!/usr/bin/env bash
# Teaches a small model a game of four guesses:
#
#   bash evals/environments/guess.sh [SEED] [FOLDER]
#
# A random model of 0.8M parameters learns a little of the expert's episodes; the rest is reward alone.
# The last table is the change in held-out success, with paired 95% intervals. FOLDER
# (runs/guess-<time>) keeps models, measurements and the run.
set -euo pipefail
cd "$(dirname "$0")/../.."
source evals/environments/common.sh

seed=${1:-0}
folder=${2:-runs/guess-$(date +%Y%m%d-%H%M%S)}
environment='guess:largest=16,turns=4,terse=true'
turn_tokens=4
mkdir -p "$folder"

random_model
demonstrate 2560
teach random warm demonstrations.jsonl 40 --lr 2e-3 --schedule constant

echo "Before:"
measure warm before
echo
reinforce evals/environments/guess.yaml
echo
measure grpo/checkpoints/latest/model after --against "$folder/before.json"
