# What the recipes of this folder share; sourced, with $seed, $folder and $environment set later.

temper=${TEMPER:-.build/release/temper}
turn_tokens=20

# A model of 0.8M random parameters in $folder/random.
random_model() {
  "$temper" init --config evals/environments/config.json --tokenizer tokenizers/characters \
    --seed "$seed" --output "$folder/random"
}

# demonstrate EPISODES: the expert's turns, in $folder/demonstrations.jsonl.
demonstrate() {
  "$temper" play --environment "$environment" --expert --seed 1000000 --episodes "$1" \
    --model "$folder/random" --out "$folder/demonstrations.jsonl"
}

# teach FROM TO ROWS STEPS [OPTION...]: supervised fine-tuning, 64 rows a step.
teach() {
  "$temper" sft --model "$folder/$1" --data "$folder/$3" --steps "$4" --examples 64 --warmup 30 \
    --seed "$seed" --save-every 100000 --runs "$folder" --name "sft-$2" --output "$folder/$2" \
    "${@:5}" 2> >(grep -v '^ *[a-z_0-9]*:' >&2)
}

# reinforce CONFIGURATION: from $folder/warm, by reward alone.
reinforce() {
  "$temper" grpo --config "$1" --environment "$environment" --model "$folder/warm" \
    --seed "$seed" --runs "$folder" --name grpo 2> >(grep -v '^ *[a-z_0-9]*:' >&2)
}

# measure MODEL NAME [OPTION...]: success in 256 held-out tasks, greedy and in 4 samples each.
measure() {
  "$temper" eval --model "$folder/$1" --environment "$environment" --problems 256 --samples 4 \
    --max-new-tokens "$turn_tokens" --report "$folder/$2.json" "${@:3}"
}

# success NAME: the share of sampled episodes that succeed, of a measurement.
success() { sed -nE '/"avg@4": \{/{n;s/.*"value": ([0-9.]+).*/\1/p;q}' "$folder/$1.json"; }
