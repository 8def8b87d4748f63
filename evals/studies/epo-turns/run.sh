#!/usr/bin/env bash
# EPO in the game of four guesses: units and history by turn, a reward at the end; tables in FOLDER:
#
#   bash evals/studies/epo-turns/run.sh [FOLDER] [JOBS]
#
# Runs that FOLDER already has are not done again; METHODS="plain epo-turn-0.1" does some of them.
set -euo pipefail
cd "$(dirname "$0")/../../.."
source evals/environments/common.sh

folder=${1:-runs/epo-turns} jobs=${2:-2}
environment='guess:largest=16,turns=4,terse=true'
turn_tokens=4
seeds='0 1 2'
methods=${METHODS:-plain bonus-0.01 bonus-0.03 epo-token-0.03 epo-turn-0.01 epo-turn-0.03}
mkdir -p "$folder"

# The recipe's warm start, one for all runs.
if [ ! -d "$folder/warm" ]; then
  seed=0
  random_model
  demonstrate 2560
  teach random warm demonstrations.jsonl 40 --lr 2e-3 --schedule constant
fi

# intervention METHOD: its plugin and settings; of EPO with a slope that lets the band cap entropy.
intervention() {
  case $1 in
    plain) echo epo:lambda=0 ;;
    bonus-*) echo "entropy-bonus:entropy_coef=${1#bonus-}" ;;
    epo-*) echo "epo:unit=$(cut -d- -f2 <<<"$1"),lambda=${1##*-},alpha=2" ;;
  esac
}

# train METHOD SEED: the run METHOD-SEED, its entropies by turn, and its success on held-out tasks.
train() {
  local name=$1-$2 step
  [ ! -f "$folder/$name.json" ] || return 0
  rm -rf "${folder:?}/$name"
  "$temper" grpo --config evals/studies/epo-turns/grpo.yaml --environment "$environment" \
    --model "$folder/warm" --entropy "$(intervention "$1")" --seed "$2" --threads 1 \
    --run.log-columns --runs "$folder" --name "$name" 2>"$folder/$name.log"
  for step in "$folder/$name"/rollouts/*.jsonl; do
    awk -v step="$(grep -oE '[0-9]+' <<<"${step##*/}")" -f evals/studies/epo-turns/turns.awk "$step"
  done >"$folder/$name.turns.jsonl"
  rm -r "$folder/$name/rollouts"
  measure "$name/checkpoints/latest/model" "$name" --threads 1 >"$folder/$name.txt" 2>&1
  echo "$name: success $(success "$name")"
}
export -f train intervention measure success
export temper turn_tokens folder environment

# percent LABEL NAME: a figure of what an evaluation printed.
percent() { sed -nE "s/^$1 +([0-9.]+)%.*/\1/p" "$folder/$2.txt"; }

[ -f "$folder/before.json" ] || measure warm before
for method in $methods; do
  for seed in $seeds; do echo "$method $seed"; done
done | xargs -P "$jobs" -L 1 bash -c 'train "$@"' train

for method in $methods; do
  for seed in $seeds; do
    name=$method-$seed
    printf '{"method":"%s","seed":%s,"success":%s,"greedy":%s,' "$method" "$seed" \
      "$(percent 'avg@4 .pass@1.' "$name")" "$(percent 'greedy accuracy' "$name")"
    awk -v metrics="grad_norm=optimizer/grad_norm entropy=policy/entropy" \
      -f evals/studies/curves.awk "$folder/$name/metrics.jsonl"
    printf ,
    awk -v metrics="turn_0=turn/0 turn_1=turn/1 turn_2=turn/2 turn_3=turn/3" \
      -f evals/studies/curves.awk "$folder/$name.turns.jsonl" | sed 's/"steps":[0-9]*,//'
    echo '}'
  done
done >"$folder/runs.jsonl"
awk -v rows=method -v columns="success greedy entropy_start entropy_end entropy_swing turn_0_end \
  turn_1_end turn_2_end turn_3_end turn_0_swing turn_3_swing grad_norm_most" -f evals/studies/table.awk \
  "$folder/runs.jsonl" >"$folder/table.md"
cat "$folder/table.md"
