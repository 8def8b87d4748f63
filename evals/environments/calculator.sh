#!/usr/bin/env bash
# Teaches a small model to use its calculator:
#
#   bash evals/environments/calculator.sh [SEED] [FOLDER]
#
# The task: products of two numbers of three digits, which a model of 0.8M parameters cannot do in its
# head. A random model learns the expert's episodes, and then to answer at once two times out of three,
# with a number that is wrong; so it can use the tool, and does so in a third of the episodes. The rest is
# reward alone. The exit status is 1 unless the success of sampled held-out episodes starts at 0.40 or less and
# ends at 0.80 or more. FOLDER (runs/calculator-<time>) keeps models, measurements and the run.
set -euo pipefail
cd "$(dirname "$0")/../.."
source evals/environments/common.sh

seed=${1:-0}
folder=${2:-runs/calculator-$(date +%Y%m%d-%H%M%S)}
environment='calculator:operations=*,terms=2,digits=3,terse=true'
mkdir -p "$folder"

random_model
demonstrate 20000
teach random able demonstrations.jsonl 900 --lr 2e-3 --schedule cosine

# Of every three episodes one as it is; the others answer at once, with the answer of the one before.
awk -F'"' '
  /"completion":"<calc>/ { episode++; if (episode % 3 && answer != "")
    printf "{\"prompt\":\"%s\",\"completion\":\"%s\"}\n", $4, answer }
  /"completion":"<answer>/ { answer = $8 }
  episode % 3 == 0' "$folder/demonstrations.jsonl" >"$folder/hasty.jsonl"
teach able warm hasty.jsonl 250 --lr 5e-4 --schedule cosine

echo "Before:"
measure warm before
echo
reinforce evals/environments/calculator.yaml
echo
measure grpo/checkpoints/latest/model after --against "$folder/before.json"

before=$(success before) after=$(success after)
awk -v b="$before" -v a="$after" 'BEGIN { exit !(b <= 0.40 && a >= 0.80) }' || {
  echo "success went from $before to $after, not from at most 0.40 to at least 0.80" >&2
  exit 1
}
