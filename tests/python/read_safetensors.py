"""Reads a safetensors file without the package of that name."""

import json
import struct

import torch


def read(path):
    """The tensors of a file by name, and its description."""
    data = bytearray(open(path, "rb").read())
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(bytes(data[8 : 8 + size]))
    about = json.loads(header.pop("__metadata__", {}).get("dualebm.json", "{}"))
    types = {"F64": torch.float64, "F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data[8 + size + begin : 8 + size + end], dtype=types[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors, about
