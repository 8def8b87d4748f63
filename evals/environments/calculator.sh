#!/usr/bin/env bash
# Teaches a random model of 0.8M parameters to use a calculator: the expert's episodes, by supervised
# fine-tuning, until it seldom gets through one; then reward alone.
#
#   bash evals/environments/calculator.sh [SEED] [FOLDER]
#
# The task: products of two numbers of three digits, held-out ones. The exit status is 1 unless the
# success of sampled episodes starts at 0.40 or less and ends at 0.80 or more. FOLDER
# (runs/calculator-<time>) keeps models, measurements and the run.
set -euo pipefail
cd "$(dirname "$0")/../.."
source evals/environments/common.sh

seed=${1:-0}
folder=${2:-runs/calculator-$(date +%Y%m%d-%H%M%S)}
environment='calculator:operations=*,terms=2,digits=3,terse=true'
mkdir -p "$folder"

warm_start 64 68
echo "After 68 steps on the expert's episodes:"
measure "$folder/warm" before
echo
echo "By reward:"
"$temper" grpo --config evals/environments/calculator.yaml --environment "$environment" \
  --model "$folder/warm" --seed "$seed" --runs "$folder" --name grpo \
  2> >(grep -v '^ *[a-z_0-9]*:' >&2)
echo
measure "$folder/grpo/checkpoints/latest/model" after --against "$folder/before.json"
require_rise 0.40 0.80
