"""Reads a GGUF file with the package gguf: what it says of itself, and one tensor's numbers as float32, written to a file."""

import sys

import gguf
import numpy

if sys.argv[1] == "version":
    print(numpy.__version__)
    sys.exit()

reader = gguf.GGUFReader(sys.argv[1])
print("architecture", reader.fields["general.architecture"].contents())
print("tensors", len(reader.tensors))
tensor = next(tensor for tensor in reader.tensors if tensor.tensor_type.name == "Q8_0")
gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype("<f4").tofile(sys.argv[2])
print(tensor.name)
