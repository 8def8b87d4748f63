#!/usr/bin/env bash
# temper and PyTorch with transformers in turns, on models of random weights: speed and memory.
#
#   evals/bench/bench.sh [OPTION...]      options of `temper bench`; --repeats 5, --shape llama-15m
#
# PyTorch comes from PyPI into .bench/, which nothing else uses, or from the Python that
# TEMPER_BENCH_PYTHON names. Without either, temper is measured alone.
set -euo pipefail
cd "$(dirname "$0")/../.."

temper=${TEMPER:-.build/release/temper}
can_import='import torch, transformers'

# Prints a Python that has the peers; says on standard error why there is none.
peer_python() {
  if [ -n "${TEMPER_BENCH_PYTHON:-}" ]; then
    if "$TEMPER_BENCH_PYTHON" -c "$can_import" 2>/dev/null; then
      echo "$TEMPER_BENCH_PYTHON"
    else
      echo "PyTorch is left out: TEMPER_BENCH_PYTHON, '$TEMPER_BENCH_PYTHON', cannot import" \
        "torch and transformers." >&2
    fi
    return
  fi
  if ! .bench/bin/python -c "$can_import" 2>/dev/null; then
    echo "Installing PyTorch and transformers into .bench/ (once; 1 to 6 GB)" >&2
    local log
    log=$(mktemp)
    # The build for processors alone is a fifth of the size of PyPI's, which also does.
    if ! { python3 -m venv .bench && {
      .bench/bin/pip install -q torch --index-url https://download.pytorch.org/whl/cpu ||
        .bench/bin/pip install -q torch
    } && .bench/bin/pip install -q transformers numpy; } >"$log" 2>&1; then
      tail -3 "$log" >&2
      rm -f "$log"
      echo "PyTorch is left out: it could not be installed into .bench/; the end of what pip said" \
        "is above. TEMPER_BENCH_PYTHON may name a Python that has torch and transformers." >&2
      return
    fi
    rm -f "$log"
  fi
  echo .bench/bin/python
}

python=$(peer_python)
peers=()
[ -n "$python" ] && peers=(--peer "'$python' evals/bench/peer.py")
exec "$temper" bench --threads 2 "${peers[@]}" "$@"
