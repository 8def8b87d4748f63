"""PyTorch with transformers as it comes, measured as `temper bench --peer` asks for.

Takes the arguments of BenchTask.arguments, does the work once to warm up and once on the clock,
and answers with one line of JSON: BenchResult.
"""

import argparse
import json
import resource
import time

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


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure", choices=["train", "generate", "prefill"])
    parser.add_argument("--model")
    for name in ["--batch", "--tokens", "--prompt-tokens", "--new-tokens", "--threads"]:
        parser.add_argument(name, type=int)
    parser.add_argument("--dtype", help="temper's; PyTorch runs in float32 whatever it is")
    args = parser.parse_args()

    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    config = transformers.AutoConfig.from_pretrained(args.model)
    work = {"train": training, "generate": generation, "prefill": prefill}[args.measure]
    step = work(config, args)
    step()
    processor, begin = processor_seconds(), time.perf_counter()
    parts = step()
    print(json.dumps({
        "seconds": time.perf_counter() - begin,
        "processor_seconds": processor_seconds() - processor,
        "peak_bytes": peak_bytes(),
        "parts": parts,
        "program": f"PyTorch {torch.__version__.split('+')[0]}, "
                   f"transformers {transformers.__version__}",
    }))


if __name__ == "__main__":
    main()
