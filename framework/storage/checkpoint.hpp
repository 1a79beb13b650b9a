#pragma once

#include <torch/nn/module.h>

#include <filesystem>
#include <string>

#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/training/training.hpp"

namespace ebm {

/// Whose a checkpoint is; texts that are empty are not looked at.
struct CheckpointIdentity {
  std::string run;  ///< a random name that a run is given when it begins
  std::string
      configuration;  ///< JSON: what a run may not change when it goes on - energy, trainer, data, seed
};

/// Parameters and buffers of an energy or a transform alone: what `evaluate` and `sample` read.
void save_module(const std::filesystem::path& path, const torch::nn::Module& module);

/// @throws UserError naming the file if it is damaged or of another module; then nothing is changed
void load_module(const std::filesystem::path& path, torch::nn::Module& module);

/// The whole state of a training, see Training::save, with whose it is and the versions
/// of program and LibTorch.
void save_checkpoint(const std::filesystem::path& path, const Training& training,
                     const CheckpointIdentity& identity = {});

/// @return a remark for a person where another program or LibTorch has written it, whose sums may round
/// otherwise; empty where none has
/// @throws UserError naming the file if it is damaged, or of another run or training; then nothing is changed
std::string load_checkpoint(const std::filesystem::path& path, Training& training,
                            const CheckpointIdentity& expected = {});

/// The same from a state that has been read already. @param path  of its file, for messages
std::string load_checkpoint(const State& state, const std::filesystem::path& path, Training& training,
                            const CheckpointIdentity& expected = {});

/// The energy out of the state of a whole checkpoint, without the rest: the best one kept, else with averaged
/// parameters if the run keeps an average. @param path  of its file, for messages
void load_energy_of_checkpoint(const State& state, const std::filesystem::path& path, Energy& energy);

/// The same from the file.
void load_energy_of_checkpoint(const std::filesystem::path& path, Energy& energy);

}  // namespace ebm
