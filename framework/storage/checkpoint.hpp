#pragma once

#include <torch/serialize/archive.h>

#include <filesystem>
#include <string>

#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/training/callback.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// An archive on disk: one header line with size and checksum (CRC-32C), then LibTorch's own format.
/// LibTorch does not verify the checksums of its zip container, so this one does.
void write_archive(const std::filesystem::path& path, torch::serialize::OutputArchive& archive);

/// @param device  where its tensors go, wherever they were written from
/// @throws UserError naming the file if it is missing, cut short, or altered.
void read_archive(const std::filesystem::path& path, torch::serialize::InputArchive& archive,
                  torch::Device device = torch::kCPU);

/// Parameters and buffers of an energy or a transform alone: what `evaluate` and `sample` read.
void save_module(const std::filesystem::path& path, const torch::nn::Module& module);
void load_module(const std::filesystem::path& path, torch::nn::Module& module);

/// The energy out of a whole checkpoint, without the rest; with averaged parameters if the run keeps an
/// average.
void load_energy_of_checkpoint(const std::filesystem::path& path, Energy& energy);

/// The parts of a run that a checkpoint holds: everything the next iteration depends on besides the data.
struct TrainingState {
  Energy& energy;                      ///< its parameters and buffers
  torch::optim::Optimizer& optimizer;  ///< with its moments
  Trainer& trainer;                    ///< with its particles, counters and random stream
  Random& batches;                     ///< the stream that draws minibatches
};

void save_checkpoint(const std::filesystem::path& path, const TrainingState& state, const Progress& progress);

/// @return where the run stood. @throws UserError naming the file if it is damaged or of another
/// configuration.
Progress load_checkpoint(const std::filesystem::path& path, const TrainingState& state);

}  // namespace ebm
