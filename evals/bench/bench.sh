#!/usr/bin/env bash
# temper, PyTorch with transformers, TRL and llama.cpp in turns, on models of random weights: speed and
# memory.
#
#   evals/bench/bench.sh [OPTION...]      options of `temper bench`; --repeats 5, --shape llama-15m
#
# The peers come from PyPI into .bench/, which nothing else uses, or from the Python that
# TEMPER_BENCH_PYTHON names. One that cannot be had is left out with a line.
set -euo pipefail
cd "$(dirname "$0")/../.."

temper=${TEMPER:-.build/release/temper}

# can_import PYTHON MODULE...
can_import() { "$1" -c "import $(IFS=,; echo "${*:2}")" 2>/dev/null; }

# Prints the Python that has the peers; says on standard error what could not be installed.
peer_python() {
  if [ -n "${TEMPER_BENCH_PYTHON:-}" ]; then
    echo "$TEMPER_BENCH_PYTHON"
    return
  fi
  python3 -m venv .bench >/dev/null 2>&1 || true
  local python=.bench/bin/python
  # The build for processors alone is a fifth of the size of PyPI's, which also does.
  install_peer PyTorch torch torch --index-url https://download.pytorch.org/whl/cpu ||
    install_peer PyTorch torch torch
  install_peer transformers transformers transformers numpy
  install_peer TRL trl trl datasets accelerate
  # Compiled here, for this machine's instructions: some minutes.
  install_peer llama.cpp llama_cpp llama-cpp-python gguf
  echo "$python"
}

# install_peer NAME MODULE PACKAGE...
install_peer() {
  can_import "$python" "$2" && return
  echo "Installing $1 into .bench/ (once)" >&2
  local log status=0
  log=$(mktemp)
  .bench/bin/pip install -q "${@:3}" >"$log" 2>&1 || status=$?
  [ $status = 0 ] || { tail -3 "$log" >&2; echo "$1 could not be installed; see above." >&2; }
  rm -f "$log"
  return $status
}

python=$(peer_python || true)
peers=()
# peer NAME SCRIPT MODULE...
peer() {
  if can_import "$python" "${@:3}"; then
    peers+=(--peer "'$python' evals/bench/$2")
  else
    echo "$1 is left out: $python cannot import ${*:3}" >&2
  fi
}
peer "PyTorch with transformers" peer.py torch transformers
peer TRL peer_trl.py torch transformers trl
peer llama.cpp peer_llama.py llama_cpp gguf numpy
exec "$temper" bench --threads 2 "${peers[@]}" "$@"
