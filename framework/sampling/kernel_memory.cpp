#include "dualebm/framework/sampling/kernel_memory.hpp"

#include <ATen/ATen.h>

namespace ebm {
namespace {

using Tensors = std::map<std::string, torch::Tensor>;

void save_tensors(State& saved, const std::string& name, const Tensors& tensors) {
  for (const auto& [key, tensor] : tensors) saved.write(name + "." + key, tensor.clone());
}

Tensors load_tensors(const State& saved, const std::string& name) {
  const auto part = saved.part(name);
  Tensors tensors;
  for (const auto& [key, value] : part.values()) tensors[key] = part.tensor(key).clone();
  return tensors;
}

}  // namespace

void KernelMemory::select(const torch::Tensor& rows) {
  for (auto& [name, column] : columns) column = column.index_select(0, rows);
  for (auto& part : parts) part.select(rows);
}

void KernelMemory::take_values(const KernelMemory& from) {
  values = from.values;
  if (parts.size() < from.parts.size()) parts.resize(from.parts.size());
  for (std::size_t i = 0; i < from.parts.size(); ++i) parts[i].take_values(from.parts[i]);
}

void KernelMemory::save(State& saved) const {
  save_tensors(saved, "values", values);
  save_tensors(saved, "columns", columns);
  saved.write("parts", static_cast<std::int64_t>(parts.size()));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    State part;
    parts[i].save(part);
    saved.write("part_" + std::to_string(i), part);
  }
}

void KernelMemory::load(const State& saved) {
  values = load_tensors(saved, "values");
  columns = load_tensors(saved, "columns");
  parts.assign(static_cast<std::size_t>(saved.integer("parts")), {});
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i].load(saved.part("part_" + std::to_string(i)));
}

}  // namespace ebm
