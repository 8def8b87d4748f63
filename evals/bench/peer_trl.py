"""A step of TRL's GRPOTrainer, measured as `temper bench --what step --peer` asks for.

The work is that of peer.py's loop: one update of 4 prompts with 8 answers each, no reference model,
a reward of 0 or 1 for each answer.
"""

import logging
import tempfile
import time

import answer
import peer  # keeps memory, too
import torch
import transformers

logging.disable(logging.WARNING)


def tokenizer(config):
    """One word an id, so that a prompt of so many words is one of so many ids."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {f"w{index}": index for index in range(config.vocab_size - 1)} | {"<pad>": config.vocab_size - 1}
    plain = Tokenizer(models.WordLevel(words, unk_token="w0"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", eos_token="<pad>", padding_side="left")


class Clock(transformers.TrainerCallback):
    """Seconds from each step's begin to its end; sampling is part of the step."""

    def __init__(self):
        self.steps = []

    def on_step_begin(self, *_, **__):
        self.begin = time.perf_counter(), answer.processor_seconds()

    def on_step_end(self, *_, **__):
        now = time.perf_counter(), answer.processor_seconds()
        self.steps.append([end - begin for begin, end in zip(self.begin, now)])


def main():
    args = peer.arguments(["step"])
    import trl
    from datasets import Dataset

    config = transformers.AutoConfig.from_pretrained(args.model)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.generation_config.eos_token_id = None
    groups = args.batch // args.group_size
    ids = torch.randint(config.vocab_size - 1, (3 * groups, args.prompt_tokens))
    rows = [{"prompt": " ".join(f"w{i}" for i in row)} for row in ids.tolist()]
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        trainer = trl.GRPOTrainer(
            model=model, processing_class=tokenizer(config), train_dataset=Dataset.from_list(rows),
            reward_funcs=lambda completions, **_: [float(i % 2) for i in range(len(completions))],
            callbacks=[clock],
            args=trl.GRPOConfig(
                output_dir=folder, use_cpu=True, bf16=False, max_steps=2, beta=0.0, num_generations=args.group_size,
                per_device_train_batch_size=args.batch, gradient_accumulation_steps=1,
                max_completion_length=args.new_tokens, temperature=1.0, learning_rate=1e-6,
                gradient_checkpointing=False, report_to="none", save_strategy="no",
                logging_strategy="no", disable_tqdm=True))
        trainer.train()
    seconds, processor = clock.steps[-1]
    answer.report(seconds, processor, {}, f"TRL {trl.__version__}")


if __name__ == "__main__":
    main()
