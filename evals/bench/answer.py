"""What `temper bench --peer` asks a program for, and the line of JSON that answers: BenchResult."""

import argparse
import json
import resource
import sys
import time


def arguments(measures):
    """Those of BenchTask.arguments; ends with status 3 where the task is not among `measures`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure")
    parser.add_argument("--model")
    for name in ["--batch", "--tokens", "--prompt-tokens", "--new-tokens", "--threads"]:
        parser.add_argument(name, type=int)
    parser.add_argument("--group-size", type=int, default=8)
    parser.add_argument("--dtype", help="of temper's weights")
    args = parser.parse_args()
    if args.measure not in measures:
        sys.exit(3)
    return args


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


def report(seconds, processor, parts, program):
    print(json.dumps({
        "seconds": seconds, "processor_seconds": processor, "peak_bytes": peak_bytes(),
        "parts": parts, "program": program,
    }))


def measure(step, program):
    """Does the work once to warm up and once on the clock; `step` returns the seconds of its parts."""
    step()
    processor, begin = processor_seconds(), time.perf_counter()
    parts = step()
    seconds = time.perf_counter() - begin
    report(seconds, processor_seconds() - processor, parts, program)
