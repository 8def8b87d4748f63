"""llama.cpp through its Python package, measured as `temper bench --peer` asks for.

It samples and takes in prompts; it does not train. The model of random weights is written once into
a GGUF file below .bench/gguf. `--dtype int8` is Q8_0, its blocks of 32 bytes with a scale.
"""

import ctypes
import json
import os
import pathlib

import answer
import gguf
import llama_cpp
import numpy as np

TYPES = {
    "float32": gguf.GGMLQuantizationType.F32,
    "bfloat16": gguf.GGMLQuantizationType.BF16,
    "int8": gguf.GGMLQuantizationType.Q8_0,
}


def model_file(config, dtype):
    """Every matrix in that type, vectors in float32, no tokenizer."""
    shape = "-".join(str(config[key]) for key in [
        "model_type", "hidden_size", "num_hidden_layers", "vocab_size"])
    path = pathlib.Path(".bench/gguf") / f"{shape}-{dtype}.gguf"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".part")
    architecture = {"llama": "llama", "qwen2": "qwen2"}[config["model_type"]]
    writer = gguf.GGUFWriter(str(written), architecture)
    hidden, middle = config["hidden_size"], config["intermediate_size"]
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    width = config.get("head_dim") or hidden // heads
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(hidden)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(middle)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_rope_dimension_count(width)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("none")
    random = np.random.default_rng(0)

    def matrix(name, outputs, inputs):
        values = random.standard_normal((outputs, inputs), dtype=np.float32) * 0.02
        data = gguf.quants.quantize(values, TYPES[dtype])
        writer.add_tensor(name, data, raw_dtype=TYPES[dtype])

    def vector(name, count, value):
        writer.add_tensor(name, np.full(count, value, dtype=np.float32))

    matrix("token_embd.weight", config["vocab_size"], hidden)
    if not config.get("tie_word_embeddings"):
        matrix("output.weight", config["vocab_size"], hidden)
    vector("output_norm.weight", hidden, 1)
    for layer in range(config["num_hidden_layers"]):
        block = f"blk.{layer}."
        vector(block + "attn_norm.weight", hidden, 1)
        vector(block + "ffn_norm.weight", hidden, 1)
        for name, outputs in [("q", heads), ("k", kv_heads), ("v", kv_heads)]:
            matrix(f"{block}attn_{name}.weight", outputs * width, hidden)
            if architecture == "qwen2":
                vector(f"{block}attn_{name}.bias", outputs * width, 0)
        matrix(block + "attn_output.weight", hidden, heads * width)
        matrix(block + "ffn_gate.weight", middle, hidden)
        matrix(block + "ffn_up.weight", middle, hidden)
        matrix(block + "ffn_down.weight", hidden, middle)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    written.rename(path)
    return path


class Session:
    def __init__(self, path, args, tokens):
        llama_cpp.llama_backend_init()
        llama_cpp.llama_log_set(self.silence, ctypes.c_void_p(0))
        options = llama_cpp.llama_model_default_params()
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), options)
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = args.batch * ((tokens + 255) // 256 * 256)
        options.n_batch = options.n_ctx
        options.n_ubatch = 512
        options.n_seq_max = args.batch
        options.n_threads = options.n_threads_batch = args.threads
        options.kv_unified = False
        options.type_k = options.type_v = llama_cpp.GGML_TYPE_F32
        self.context = llama_cpp.llama_init_from_model(self.model, options)
        assert self.context, "llama.cpp makes no context"
        self.batch = llama_cpp.llama_batch_init(options.n_batch, 0, 1)
        chain = llama_cpp.llama_sampler_chain_default_params()
        self.sampler = llama_cpp.llama_sampler_chain_init(chain)
        llama_cpp.llama_sampler_chain_add(self.sampler, llama_cpp.llama_sampler_init_dist(1))

    @staticmethod
    @llama_cpp.llama_log_callback
    def silence(level, text, data):
        pass

    def forget(self):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)

    def run(self, tokens):
        """tokens: (id, position, sequence, wants logits); returns one drawn id for each wanted."""
        for place, (token, position, sequence, wanted) in enumerate(tokens):
            self.batch.token[place] = token
            self.batch.pos[place] = position
            self.batch.n_seq_id[place] = 1
            self.batch.seq_id[place][0] = sequence
            self.batch.logits[place] = wanted
        self.batch.n_tokens = len(tokens)
        status = llama_cpp.llama_decode(self.context, self.batch)
        assert status == 0, f"llama_decode: {status}"
        return [
            llama_cpp.llama_sampler_sample(self.sampler, self.context, place)
            for place, token in enumerate(tokens) if token[3]
        ]


def work(args, config):
    length = args.prompt_tokens if args.measure == "generate" else args.tokens
    new = args.new_tokens if args.measure == "generate" else 1
    session = Session(model_file(config, args.dtype), args, length + new)
    random = np.random.default_rng(1)
    prompts = random.integers(1, config["vocab_size"], (args.batch, length)).tolist()

    def step():
        session.forget()
        drawn = session.run([
            (token, place, sequence, place == length - 1)
            for sequence, prompt in enumerate(prompts) for place, token in enumerate(prompt)])
        for place in range(length, length + new - 1):
            drawn = session.run([
                (token, place, sequence, True) for sequence, token in enumerate(drawn)])
        return {}

    return step


def main():
    args = answer.arguments(["generate", "prefill"])
    with open(os.path.join(args.model, "config.json")) as file:
        step = work(args, json.load(file))
    answer.measure(step, f"llama.cpp ({llama_cpp.__version__}), {args.dtype}")


if __name__ == "__main__":
    main()
