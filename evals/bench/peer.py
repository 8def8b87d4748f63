"""PyTorch with transformers as it comes, measured as `temper bench --peer` asks for.

A step of GRPO is a loop of its own, with a cache of
keys and values; peer_trl.py takes that of TRL.

The C allocator is told to keep memory instead of giving it back after each tensor, which makes
PyTorch faster.
"""

import os
import sys
import time

if "MALLOC_TRIM_THRESHOLD_" not in os.environ:
    keeping = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1", "MALLOC_TOP_PAD_": "67108864"}
    os.execve(sys.executable, [sys.executable] + sys.argv, {**os.environ, **keeping})

import answer
import torch
import transformers


def training(config, args):
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    ids = torch.randint(config.vocab_size, (args.batch, args.tokens))

    def step():
        parts, last = {}, time.perf_counter()

        def lap(name):
            nonlocal last
            now = time.perf_counter()
            parts[name], last = now - last, now

        optimizer.zero_grad()
        loss = model(input_ids=ids, labels=ids).loss
        lap("forward")
        loss.backward()
        lap("backward")
        optimizer.step()
        lap("AdamW")
        return parts

    return step


def generation(config, args):
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    # Every sequence takes all its tokens, and every token may be drawn.
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    ids = torch.randint(1, config.vocab_size, (args.batch, args.prompt_tokens))

    def step():
        out = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=True, top_k=0,
            max_new_tokens=args.new_tokens)
        assert out.shape[1] == args.prompt_tokens + args.new_tokens, out.shape
        return {}

    return step


def prefill(config, args):
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    ids = torch.randint(config.vocab_size, (args.batch, args.tokens))

    def step():
        with torch.inference_mode():
            model(input_ids=ids, use_cache=True, logits_to_keep=1)
        return {}

    return step



def grpo_step(config, args):
    """4 prompts, 8 answers each: sample, reward, advantage, clipped objective, one update."""
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, weight_decay=0)
    groups = args.batch // args.group_size
    prompts = torch.randint(config.vocab_size, (groups, args.prompt_tokens))
    prompts = prompts.repeat_interleave(args.group_size, 0)

    def sample():
        ids, cache, fed = prompts, None, prompts
        for _ in range(args.new_tokens):
            out = model(input_ids=fed, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = out.past_key_values
            fed = torch.multinomial(out.logits[:, -1].softmax(-1), 1)
            ids = torch.cat([ids, fed], 1)
        return ids

    def step():
        parts, last = {}, time.perf_counter()

        def lap(name):
            nonlocal last
            now = time.perf_counter()
            parts[name], last = now - last, now

        model.eval()
        with torch.inference_mode():
            ids = sample()
        ids = ids.clone()
        lap("rollout")
        model.train()
        reward = torch.tensor([0.0, 1.0]).repeat(args.batch // 2).view(groups, args.group_size)
        advantage = (reward - reward.mean(1, True)) / (reward.std(1, keepdim=True) + 1e-4)
        optimizer.zero_grad()
        kept = args.new_tokens + 1
        logits = model(input_ids=ids, logits_to_keep=kept).logits[:, :-1]
        logprob = logits.log_softmax(-1).gather(-1, ids[:, args.prompt_tokens:, None]).squeeze(-1)
        ratio = (logprob - logprob.detach()).exp()
        gain = advantage.view(-1, 1)
        loss = -torch.min(ratio * gain, ratio.clamp(0.8, 1.28) * gain).mean()
        lap("forward")
        loss.backward()
        lap("backward")
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        lap("optimizer")
        return parts

    return step


WORK = {
    "train": training, "recompute": training, "generate": generation, "prefill": prefill,
    "step": grpo_step,
}


def arguments(measures):
    args = answer.arguments(measures)
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    return args


def main():
    args = arguments(WORK)
    if args.dtype == "int8":
        sys.exit(3)  # it runs in float32 whatever else it is asked for
    config = transformers.AutoConfig.from_pretrained(args.model)
    answer.measure(
        WORK[args.measure](config, args),
        f"PyTorch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}")


if __name__ == "__main__":
    main()
