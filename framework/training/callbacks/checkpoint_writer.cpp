#include "dualebm/framework/training/callbacks/checkpoint_writer.hpp"

namespace ebm {

CheckpointWriter::CheckpointWriter(std::int64_t every, std::function<void(const Progress&)> save)
    : every_(every), save_(std::move(save)) {}

void CheckpointWriter::on_step(const Progress& progress) {
  if (every_ == 0 || progress.iteration % every_ != 0) return;
  save_(progress);
  last_ = progress.iteration;
}

void CheckpointWriter::on_end(const Progress& progress) {
  if (last_ != progress.iteration) save_(progress);
}

}  // namespace ebm
