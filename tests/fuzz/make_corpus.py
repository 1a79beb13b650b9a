#!/usr/bin/env python3
"""Writes the seeds that the fuzzers start from: one folder a reader, a small file for each thing it knows."""

import gzip
import io
import pathlib
import struct
import zipfile

FOLDER = pathlib.Path(__file__).parent / "corpus"


def npy(dictionary, data, version=1):
    start = 10 if version == 1 else 12
    dictionary += " " * (-(start + len(dictionary) + 1) % 64) + "\n"
    length = struct.pack("<H" if version == 1 else "<I", len(dictionary))
    return b"\x93NUMPY" + bytes([version, 0]) + length + dictionary.encode() + data


def descriptor(descr, shape, order="False"):
    return f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape}, }}"


def idx(sides, values, kind=8):
    return bytes([0, 0, kind, len(sides)]) + struct.pack(f">{len(sides)}I", *sides) + values


def safetensors(header, data):
    return struct.pack("<Q", len(header)) + header + data


def npz(members, method):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as file:
        for name, content in members.items():
            with file.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:  # as numpy.savez does
                member.write(content)
    return archive.getvalue()


TABLE = b'a,"b ""c"""\r\n1.5,-2e3\n"3"," 4"\n'
SPLIT = b"row,split\n0,train\n1,val\n2,test\n3,validation\n"
OPTIONS = b"""{ // every kind of option
  "number": 0.5, "maybe_number": null, "integer": 3, "maybe_integer": -7, "boolean": true, "text": "\\u00e4",
  "choice": "b", "numbers": [1, 2.5e-3], "integers": [1, 2], "vectors": [[1, 2], [3]], "section": {"name": "x"}}"""

SEEDS = {
    "configuration": [OPTIONS, b"{}", b'{"number": -1}', b'{"nubmer": 1}', b'{"a": 1, "a": 2}', b'{"number": 1e999}',
                      b"{}\0number=2\ntext=word\nsection.a.b=[1]\nvectors=[[1]]\n", b"[[[[", b'{"text": "\\ud800"}'],
    "csv": [b"\0\0" + TABLE, b"\x18\1" + b"1,2\n3,4\n", b"\0\0\xef\xbb\xbfa\n1\n", b"\0\0" + gzip.compress(TABLE, mtime=0),
            b'\0\0a,b\n1,"2\n', b'\0\0a,b\n1,2"\n', b'\0\0a\n"1"x\n', b"\0\0a,b\n\n", b'\0\0"a\nb"\n1\n', b"\0\0a,b\n1,2,3\n",
            b"\0\0lat;lon\n1,5;2,5\n", b"\0\0" + "lat;lon\r\n1,5;2\r\n".encode("utf-16"), b"\0\0" + "a,b\n1,2\n".encode("utf-16-be"),
            b"\0\0# a b\n 1  2\n\n3 4\r5 6\r\r\n", b"\0\x80x|y\n1|?\n2|3\n", b"\0\0,a\n0,1\n1,2\n", b'\0\0"x" "y"\n"1" 2 3\n"2" 4 5\n',
            b"\0\x1fid\tLatitude\tLongitude\nk\t1\t2\n", b"\0\1kind,b\nu,\xe2\x88\x921\nv,\xc2\xa02.5D+01\n",
            b"\0\0a;b;;\n1;+2;;\n", b"\0\0caf\xe9,b\n1,4.9e-324\n", b"\x80\0title\na:b\n1:2\n", b"\0\0a,kind\n1,cat\n", b"\0\0x\n1,5\n2,5\n"],
    "gzip": [gzip.compress(TABLE, mtime=0), gzip.compress(b"", mtime=0), b"plain",
             gzip.compress(b"a", mtime=0) + gzip.compress(b"b", mtime=0), gzip.compress(TABLE, mtime=0)[:-5]],
    "idx": [b"\0" + idx([2, 1, 2], b"abcd"), b"\1" + idx([3], b"\0\1\2"), b"\0" + idx([2**31, 2**31, 4], b""),
            b"\0" + idx([1, 1, 1], b"abcd", kind=13), b"\0" + idx([1, 2], b"abcd", kind=11),
            b"\1" + idx([1], b"abcdefgh", kind=14), b"\0" + idx([2, 0, 2], b"")],
    "npy": [npy(descriptor("<f8", "(1, 2)"), bytes(16)), npy(descriptor("<f4", "(2, 1, 3)"), bytes(24), 2),
            npy(descriptor("<f4", "(1, 1, 1, 1)"), bytes(4), 3), npy(descriptor("|O", "(1, 2)"), b"pickle"),
            npy(descriptor(">f8", "(1, 2)"), bytes(16)), npy(descriptor("<f2", "(3,)"), bytes(6)),
            npy(descriptor("<i8", "(2, 3, 1)", "True"), bytes(48)), npy(descriptor("|b1", "(2, 1)"), bytes(2)), npy(descriptor("<f8", "(1, 2)", "True"), bytes(16)),
            npy(descriptor([("a", "<f8")], "(2,)"), bytes(16)), npy(descriptor("<f8", "(4294967296, 4294967296)"), b"")],
    "npz": [b"\0" + npz({"x.npy": npy(descriptor("<f8", "(1, 2)"), bytes(16))}, zipfile.ZIP_STORED),
            b"\1" + npz({"x.npy": npy(descriptor(">i2", "(2,)"), b"abcd"), "y.npy": b""}, zipfile.ZIP_DEFLATED),
            b"\0" + npz({"x.npy": npy(descriptor("<f2", "(2, 2)", "True"), bytes(8)), "notes.txt": b"no"}, zipfile.ZIP_DEFLATED),
            b"\0" + npz({"table.csv": b"a\n1\n"}, zipfile.ZIP_DEFLATED), b"\0PK\5\6" + bytes(18)],
    "safetensors": [
        safetensors(b'{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8)),
        safetensors(b'{"__metadata__":{"a":"\\n"},"y":{"dtype":"U8","shape":[],"data_offsets":[8,9]},'
                    b'"x":{"dtype":"I64","shape":[1,1],"data_offsets":[0,8]}}  ', bytes(9)),
        safetensors(b'{"x":{"dtype":"BF16","shape":[4611686018427387904,8],"data_offsets":[0,0]}}', b""),
        safetensors(b'{"x":{},"x":{}}', b""), safetensors(b"[[[[[[", b""), b"\xff" * 8, b"short"],
    "split": [b"\4" + SPLIT, b"\4" + b"row,split\n0,train\n0,test\n", b"\1" + b"split,row\ndev,0\n", b"\x14" + SPLIT.replace(b",", b";")],
}

for reader, seeds in SEEDS.items():
    (FOLDER / reader).mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (FOLDER / reader / f"{number:02}").write_bytes(seed)
