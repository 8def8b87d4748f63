#!/usr/bin/env bash
# Breaks runs on the embedded task in eight ways, watches healthy ones, and writes what detectors
# found into FOLDER:
#
#   bash evals/studies/faults/run.sh [FOLDER]
#
# The faults are injected by the tests (Tests/DetectionTests); nothing in temper itself can do it.
# PART="a NaN" looks at the faults alone whose names begin so, PART=healthy at the healthy runs alone.
set -euo pipefail
cd "$(dirname "$0")/../../.."

temper=${TEMPER:-.build/release/temper}
folder=$(realpath -m "${1:-evals/studies/faults/results}")
runs=${RUNS:-runs/faults}
mkdir -p "$folder" "$runs"

if [ "${PART:-}" != healthy ]; then
  if [ -z "${PART:-}" ]; then rm -f "$folder"/faults.jsonl "$folder"/table.md; fi
  TEMPER_FAULT_STUDY=$folder TEMPER_FAULT_STUDY_PART=${PART:-} \
    swift test -c release -Xswiftc -enable-testing --disable-xctest --no-parallel \
    --scratch-path "${SCRATCH:-.build/tests}" --filter FaultStudy
  [ -z "${PART:-}" ] || exit 0
fi

# Healthy runs: every line of detections.jsonl is a false alarm.
"$temper" data arithmetic --split train --count 20000 --seed 2 >"$runs/train.jsonl"
: >"$folder/healthy.jsonl"
healthy() { # NAME CONFIG [OPTION...]
  rm -rf "${runs:?}/$1"
  "$temper" grpo --config "$2" --model models/arithmetic --data "$runs/train.jsonl" \
    --runs "$runs" --name "$1" "${@:3}" 2>"$runs/$1.log"
  local found=$runs/$1/detections.jsonl
  [ -f "$found" ] || : >"$found"
  echo "{\"run\":\"$1\",\"steps\":$(wc -l <"$runs/$1/metrics.jsonl"),\"alarms\":$(wc -l <"$found")}" |
    cat - "$found" >>"$folder/healthy.jsonl"
}
for seed in 0 1 2 3 4 5; do
  healthy "quickstart-$seed" evals/quickstart.yaml --seed "$seed"
done
arena=evals/studies/arena/grpo.yaml
for seed in 1 2; do
  healthy "arena-plain-$seed" "$arena" --lr 3e-5 --seed "$seed"
  healthy "arena-steer-$seed" "$arena" --lr 3e-5 --seed "$seed" --entropy steer:lambda_min=0.2
  healthy "arena-siren-$seed" "$arena" --lr 3e-5 --seed "$seed" --entropy siren:coef=0.005
  healthy "arena-epo-$seed" "$arena" --lr 3e-5 --seed "$seed" --entropy epo:lambda=0.1
done
