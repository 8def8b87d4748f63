# What the recipes of this folder share; sourced with $seed, $folder and $environment set later.

temper=${TEMPER:-.build/release/temper}
turn_tokens=20

# warm_start EXAMPLES STEPS: a random model, taught on episodes of the expert.
warm_start() {
  "$temper" init --config evals/environments/config.json --tokenizer tokenizers/characters \
    --seed "$seed" --output "$folder/random"
  "$temper" play --environment "$environment" --expert --seed 1000000 --episodes $(($1 * $2)) \
    --model "$folder/random" --out "$folder/demonstrations.jsonl"
  "$temper" sft --model "$folder/random" --data "$folder/demonstrations.jsonl" --seed "$seed" \
    --examples "$1" --steps "$2" --lr 2e-3 --schedule constant --warmup 30 --save-every 100000 \
    --runs "$folder" --name sft --output "$folder/warm" 2> >(grep -v '^ *[a-z_0-9]*:' >&2)
}

# measure MODEL NAME [OPTION...]: the share of 256 held-out episodes that succeed, 4 samples each.
measure() {
  "$temper" eval --model "$1" --environment "$environment" --problems 256 --samples 4 \
    --max-new-tokens "$turn_tokens" --report "$folder/$2.json" "${@:3}"
}

# The mean success of sampled episodes in a report.
success() { sed -nE '/"avg@4": \{/{n;s/.*"value": ([0-9.]+).*/\1/p;q}' "$1"; }

# require_rise LOW HIGH: whether success rose from at most LOW to at least HIGH.
require_rise() {
  local before after
  before=$(success "$folder/before.json") after=$(success "$folder/after.json")
  awk -v b="$before" -v a="$after" -v low="$1" -v high="$2" \
    'BEGIN { exit !(b <= low && a >= high) }' || {
    echo "success went from $before to $after, not from at most $1 to at least $2" >&2
    exit 1
  }
}
