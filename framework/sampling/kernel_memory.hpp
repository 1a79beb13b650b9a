#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>
#include "dualebm/framework/compute/state.hpp"

namespace ebm {

/// What a kernel keeps between steps, by name, so that whoever owns the particles can carry it along, save it
/// and read it back without knowing the kernel.
struct KernelMemory {
  std::map<std::string, torch::Tensor> values = {};   ///< of all particles together: step sizes, a metric
  std::map<std::string, torch::Tensor> columns = {};  ///< a row for each particle: velocities, replicas
  std::vector<KernelMemory> parts = {};               ///< of the kernels that a kernel consists of

  /// The rows of the particles that go on. @param rows  [N'], int64
  void select(const torch::Tensor& rows);

  /// What is of all particles together, from a memory of the same kernel; columns stay.
  void take_values(const KernelMemory& from);

  /// All of it, with the parts below "part_0", "part_1", ...
  void save(ebm::State& saved) const;
  /// In place of what is there. @throws UserError if a part of what `save` writes is missing
  void load(const ebm::State& saved);
};

}  // namespace ebm
