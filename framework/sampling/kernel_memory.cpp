#include "dualebm/framework/sampling/kernel_memory.hpp"

#include <ATen/ATen.h>

namespace ebm {
namespace {

using Tensors = std::map<std::string, torch::Tensor>;

void save_tensors(torch::serialize::OutputArchive& archive, const std::string& name, const Tensors& tensors) {
  torch::serialize::OutputArchive part;
  for (const auto& [key, tensor] : tensors) part.write(key, tensor, /*is_buffer=*/true);
  archive.write(name, part);
}

Tensors load_tensors(torch::serialize::InputArchive& archive, const std::string& name) {
  torch::serialize::InputArchive part;
  archive.read(name, part);
  Tensors tensors;
  for (const auto& key : part.keys()) part.read(key, tensors[key], /*is_buffer=*/true);
  return tensors;
}

}  // namespace

void KernelMemory::select(const torch::Tensor& rows) {
  for (auto& [name, column] : columns) column = column.index_select(0, rows);
  for (auto& part : parts) part.select(rows);
}

void KernelMemory::save(torch::serialize::OutputArchive& archive) const {
  save_tensors(archive, "values", values);
  save_tensors(archive, "columns", columns);
  archive.write("parts", c10::IValue(static_cast<std::int64_t>(parts.size())));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    torch::serialize::OutputArchive part;
    parts[i].save(part);
    archive.write("part_" + std::to_string(i), part);
  }
}

void KernelMemory::load(torch::serialize::InputArchive& archive) {
  values = load_tensors(archive, "values");
  columns = load_tensors(archive, "columns");
  c10::IValue count;
  archive.read("parts", count);
  parts.assign(static_cast<std::size_t>(count.toInt()), {});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    torch::serialize::InputArchive part;
    archive.read("part_" + std::to_string(i), part);
    parts[i].load(part);
  }
}

}  // namespace ebm
