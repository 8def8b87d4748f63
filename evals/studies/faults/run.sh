#!/usr/bin/env bash
# Breaks runs on the embedded task in eight ways, watches healthy ones, and writes what detectors
# found into FOLDER:
#
#   bash evals/studies/faults/run.sh [FOLDER]
#
# The faults are injected by the tests (Tests/DetectionTests); nothing in temper itself can do it.
set -euo pipefail
cd "$(dirname "$0")/../../.."

temper=${TEMPER:-.build/release/temper}
folder=$(realpath -m "${1:-evals/studies/faults/results}")
runs=${RUNS:-runs/faults}
mkdir -p "$folder" "$runs"

TEMPER_FAULT_STUDY=$folder swift test -c release -Xswiftc -enable-testing --disable-xctest \
  ${SCRATCH:+--scratch-path "$SCRATCH"} --no-parallel --filter FaultStudy

# Healthy runs: every line of detections.jsonl is a false alarm.
"$temper" data arithmetic --split train --count 20000 --seed 2 >"$runs/train.jsonl"
healthy() { # NAME CONFIG [OPTION...]
  "$temper" grpo --config "$2" --model models/arithmetic --data "$runs/train.jsonl" \
    --runs "$runs" --name "$1" "${@:3}" 2>"$runs/$1.log"
}
for seed in 0 1 2 3 4 5; do
  healthy "quickstart-$seed" evals/quickstart.yaml --seed "$seed"
done
arena=evals/studies/arena/grpo.yaml
healthy arena-plain "$arena" --lr 3e-5 --seed 1
healthy arena-steer "$arena" --lr 3e-5 --seed 1 --entropy steer:lambda_min=0.2
healthy arena-siren "$arena" --lr 3e-5 --seed 1 --entropy siren:coef=0.005
healthy arena-epo "$arena" --lr 3e-5 --seed 1 --entropy epo:lambda=0.1
: >"$folder/healthy.jsonl"
for run in "$runs"/quickstart-* "$runs"/arena-*; do
  [ -d "$run" ] || continue
  found=$(cat "$run/detections.jsonl" 2>/dev/null | wc -l)
  steps=$(wc -l <"$run/metrics.jsonl")
  echo "{\"run\":\"$(basename "$run")\",\"steps\":$steps,\"alarms\":$found}" >>"$folder/healthy.jsonl"
  cat "$run/detections.jsonl" 2>/dev/null >>"$folder/healthy.jsonl" || true
done
