"""The cosine matrix and two merges as one writes them with torch, to be held against.

with_torch.py cosine|linear|ties OUTPUT BASE TASK...: reads safetensors files whole and writes the
edited model, or for cosine finds norms and cosines, the base first.  Prints them as JSON, with the
seconds since torch was there.
"""
import json
import mmap
import os
import struct
import sys
import time

import torch

TYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}
NAMES = {kind: name for name, kind in TYPES.items()}


def read(path):
    """The tensors of a file by name, mapped, not copied."""
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
        data = torch.frombuffer(
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY), dtype=torch.uint8
        )
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + at for at in entry["data_offsets"])
        tensors[name] = data[begin:end].view(TYPES[entry["dtype"]]).view(entry["shape"])
    return tensors


def write(path, tensors):
    header, at = {}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [at, at + size],
        }
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(memoryview(tensor.contiguous().view(torch.int8).numpy()))


def cosine(base, tasks):
    products = torch.zeros(len(tasks) + 1, len(tasks) + 1, dtype=torch.float64)
    for name, weights in base.items():
        start = weights.float().flatten()
        rows = [start] + [task[name].float().flatten() - start for task in tasks]
        vectors = torch.stack(rows)
        products += (vectors @ vectors.T).double()
    norms = products.diagonal().sqrt()
    cosines = products / norms / norms[:, None]
    return {"norm": norms.tolist(), "cosine": cosines.tolist()}


def linear(base, tasks):
    edited = {}
    for name, weights in base.items():
        start = weights.float()
        change = sum(task[name].float() - start for task in tasks)
        edited[name] = (start + 0.4 * change).to(weights.dtype)
    return edited


def threshold(base, task, density):
    """The size that a share of all changes has at least."""
    sizes = torch.cat(
        [(task[name].float() - weights.float()).abs().flatten() for name, weights in base.items()]
    )
    kept = max(round(density * sizes.numel()), 1)
    return sizes.kthvalue(sizes.numel() - kept + 1).values


def ties(base, tasks, density=0.2):
    least = [threshold(base, task, density) for task in tasks]
    edited = {}
    for name, weights in base.items():
        start = weights.float()
        changes = torch.stack([task[name].float() - start for task in tasks])
        for change, size in zip(changes, least):
            change[change.abs() < size] = 0
        sign = changes.sum(0).sign()
        agree = (changes.sign() == sign) & (changes != 0)
        mean = (changes * agree).sum(0) / agree.sum(0).clamp(min=1)
        edited[name] = (start + mean).to(weights.dtype)
    return edited


def main():
    begin = time.monotonic()
    torch.set_num_threads(os.cpu_count())
    work, output, base, *tasks = sys.argv[1:]
    base, tasks = read(base), [read(task) for task in tasks]
    if work == "cosine":
        found = cosine(base, tasks)
    else:
        found = {}
        write(output, {"linear": linear, "ties": ties}[work](base, tasks))
    print(json.dumps({**found, "seconds": time.monotonic() - begin}))


main()
