#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>

namespace ebm {

/// A TorchScript file, read without running what is in it, and then looked through: an energy computes with
/// tensors, and what touches files, calls other processes or runs while it is read has no place in one.
///
/// Reading a file runs the `__setstate__` of its classes, so that a file which has one is refused unread. The
/// operators of everything in it are looked at afterwards: those of `aten` and `prim` are allowed but for the
/// few that read or write files, all others are not. A loop without an end remains possible. Members of the
/// archive are compared with its checksums, which LibTorch does not do.
/// @throws UserError naming the file if it is no TorchScript, damaged, or holds any of that
torch::jit::Module read_inspected_script(const std::string& path);

}  // namespace ebm
