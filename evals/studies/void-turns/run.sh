#!/usr/bin/env bash
# Void turns under plain GRPO, and under SimpleTIR's filter and its controls; tables in FOLDER:
#
#   bash evals/studies/void-turns/run.sh [FOLDER] [JOBS]
#
# Runs that FOLDER already has are not done again; RATES="3e-4" does some of them.
set -euo pipefail
cd "$(dirname "$0")/../../.."
source evals/environments/common.sh

folder=${1:-runs/void-turns} jobs=${2:-2}
environment='calculator:operations=*,terms=2,digits=3,terse=true'
rates=${RATES:-3e-4 6e-4 1e-3} seeds='0 1 2'
declare -A filters=([plain]=none [simpletir]=void [low-probability]=low_probability
  [high-ratio]=high_ratio)
mkdir -p "$folder"

# One model for all runs: it can use the calculator, and in two of three episodes it writes its call
# without tags, which is void, or answers at once. What the environment says of a void turn it has
# never read.
if [ ! -d "$folder/warm" ]; then
  seed=0
  random_model
  demonstrate 20000
  teach random able demonstrations.jsonl 900 --lr 2e-3 --schedule cosine
  awk -F'"' '
    function row(completion) {
      printf "{\"prompt\":\"%s\",\"completion\":\"%s\"}\n", $4, completion
    }
    /"completion":"<calc>/ {
      kind = ++episode % 3
      call = $8
      gsub(/<\/?calc>/, "", call)
      if (kind == 1) row(call)
      if (kind == 2 && answer != "") row(answer)
    }
    /"completion":"<answer>/ { answer = $8 }
    kind == 0' "$folder/demonstrations.jsonl" >"$folder/careless.jsonl"
  teach able warm careless.jsonl 150 --lr 5e-4 --schedule cosine
fi

# train METHOD FILTER RATE SEED: the run METHOD-RATE-SEED, and its success on held-out tasks.
train() {
  local name=$1-$3-$4
  [ ! -f "$folder/$name.json" ] || return 0
  rm -rf "${folder:?}/$name"
  "$temper" grpo --config evals/studies/void-turns/grpo.yaml --environment "$environment" \
    --model "$folder/warm" --entropy "simpletir:filter=$2" --lr "$3" --seed "$4" --threads 1 \
    --runs "$folder" --name "$name" 2>"$folder/$name.log" || tail -1 "$folder/$name.log"
  measure "$name/checkpoints/latest/model" "$name" --threads 1 >"$folder/$name.txt" 2>&1
  echo "$name: success $(success "$name")"
}
export -f train measure success
export temper turn_tokens folder environment

[ -f "$folder/before.json" ] || measure warm before
for rate in $rates; do
  for method in plain simpletir low-probability high-ratio; do
    for seed in $seeds; do echo "$method ${filters[$method]} $rate $seed"; done
  done
done | xargs -P "$jobs" -L 1 bash -c 'train "$@"' train

for rate in $rates; do
  for method in plain simpletir low-probability high-ratio; do
    for seed in $seeds; do
      name=$method-$rate-$seed
      printf '{"method":"%s","rate":"%s","seed":%s,"success":%s,' "$method" "$rate" "$seed" \
        "$(awk -v x="$(success "$name")" 'BEGIN { print 100 * x }')"
      awk -v metrics="grad_norm=optimizer/grad_norm void=simpletir/void_turn_ratio \
        filtered=simpletir/filtered entropy=policy/entropy training=environment/success" \
        -f evals/studies/curves.awk "$folder/$name/metrics.jsonl"
      echo '}'
    done
  done
done >"$folder/runs.jsonl"
awk -v rows="rate method" -f evals/studies/table.awk -v columns="success grad_norm_start grad_norm_end \
  grad_norm_most void_start void_end filtered_end entropy_most entropy_swing" \
  "$folder/runs.jsonl" >"$folder/table.md"
cat "$folder/table.md"
