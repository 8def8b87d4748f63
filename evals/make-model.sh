#!/usr/bin/env bash
# Makes the embedded model, models/arithmetic, anew: random weights, then two stages of supervised
# fine-tuning on generated demonstrations (docs/embedded-task.md). Some five minutes on two cores.
#
#   bash evals/make-model.sh
set -euo pipefail
cd "$(dirname "$0")/.."

temper=${TEMPER:-.build/release/temper}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
adamw=(--schedule cosine --warmup 50 --optimizer.weight-decay 0.1 --optimizer.beta2 0.95
  --examples 256 --save-every 10000 --runs "$work/runs")

"$temper" init --config models/arithmetic/config.json --tokenizer tokenizers/arithmetic \
  --output "$work/random"

# Right working alone, until the model does the sums.
"$temper" data arithmetic --demonstrations --count 300000 --mix careful=1 >"$work/careful.jsonl"
"$temper" sft --model "$work/random" --data "$work/careful.jsonl" --name careful \
  --steps 1000 --lr 3e-3 "${adamw[@]}" --output "$work/careful"

# Then a mix in which answering at once leads: greedy decoding guesses, sampling finds the working.
"$temper" data arithmetic --demonstrations --count 60000 --seed 3 \
  --mix hasty=0.56,sloppy=0.26,careful=0.18 >"$work/mixed.jsonl"
"$temper" sft --model "$work/careful" --data "$work/mixed.jsonl" --name mixed \
  --steps 150 --lr 1e-3 --optimizer.min-learning-rate 1e-4 "${adamw[@]}" \
  --output "$work/mixed" --output-dtype bfloat16

cp "$work/mixed/config.json" "$work/mixed/generation_config.json" "$work/mixed/model.safetensors" \
  models/arithmetic/
for file in tokenizer.json tokenizer_config.json; do
  ln -sfn "../../tokenizers/arithmetic/$file" "models/arithmetic/$file"
done
