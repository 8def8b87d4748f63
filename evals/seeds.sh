#!/usr/bin/env bash
# Runs the quickstart for seeds 0, 1 and 2, each with a table of its own:
#
#   bash evals/seeds.sh [FOLDER]
#
# The exit status is 1 unless in each of them greedy accuracy on 512 held-out problems starts at
# 0.40 or less and ends at 0.80 or more, and the paired 95% interval of the change in pass@16 does
# not lie below 0.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-runs/seeds-$(date +%Y%m%d-%H%M%S)}
greedy() { sed -nE '/"greedy": \{/{n;s/.*"value": ([0-9.]+).*/\1/p;q}' "$1"; }

status=0
for seed in 0 1 2; do
  echo "== seed $seed"
  bash evals/quickstart.sh "$seed" "$folder/$seed" || status=1
  before=$(greedy "$folder/$seed/before.json") after=$(greedy "$folder/$seed/after.json")
  awk -v b="$before" -v a="$after" 'BEGIN { exit !(b <= 0.40 && a >= 0.80) }' || {
    echo "seed $seed: greedy accuracy went from $before to $after, not from at most 0.40 to at least 0.80" >&2
    status=1
  }
done
exit $status
