#pragma once

#include <torch/nn/module.h>

#include <filesystem>

#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/training/training.hpp"

namespace ebm {

/// Parameters and buffers of an energy or a transform alone: what `evaluate` and `sample` read.
void save_module(const std::filesystem::path& path, const torch::nn::Module& module);

/// @throws UserError naming the file if it is damaged or of another module; then nothing is changed
void load_module(const std::filesystem::path& path, torch::nn::Module& module);

/// The whole state of a training, see Training::save.
void save_checkpoint(const std::filesystem::path& path, const Training& training);

/// @throws UserError naming the file if it is damaged, or of another training.
void load_checkpoint(const std::filesystem::path& path, Training& training);

/// The energy out of a whole checkpoint, without the rest: the best one kept, else with averaged parameters if
/// the run keeps an average.
void load_energy_of_checkpoint(const std::filesystem::path& path, Energy& energy);

}  // namespace ebm
