#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dualebm/framework/experiment/experiment.hpp"

namespace ebm {

/// What one key of a configuration takes at the least.
struct MemoryNeed {
  std::string key;   ///< "trainer.particles"
  std::string what;  ///< "1e+11 particles of 3 numbers"
  double bytes = 0;  ///< in a run's lifetime at once
};

/// What a configuration asks for by its numbers alone: points drawn, particles, chains, nodes of the
/// quadrature, neurons and layers. What it says nothing about - files, plugins, an energy's own passes - is
/// not counted, so that the sum is a lower bound.
/// @param points  rows of the training part; 0: those of `dataset.train`
std::vector<MemoryNeed> memory_needs(const Experiment& experiment, std::int64_t points = 0);

/// Bytes that this process may still take: what the machine has free, or a limit of the process or
/// its group if that is less.
double available_memory();

/// Refuses what cannot be had, before any of it is taken. @param points  see memory_needs
/// @throws UserError with the sum, what there is, the key that asks for most and what to change
void require_memory(const Experiment& experiment, std::int64_t points = 0);

}  // namespace ebm
