#include "dualebm/framework/storage/checkpoint_writer.hpp"

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"

namespace ebm {

CheckpointWriter::CheckpointWriter(const Training& training, std::filesystem::path path, std::int64_t every)
    : training_(training), path_(std::move(path)), every_(every) {
  require(every >= 0, "checkpoint_every: expected an integer >= 0, found {}", every);
}

void CheckpointWriter::on_step(const Progress& progress) {
  if (every_ > 0 && progress.iteration % every_ == 0) write();
}

void CheckpointWriter::on_end(const Progress& progress) {
  if (last_ != progress.iteration) write();
}

void CheckpointWriter::write() {
  save_checkpoint(path_, training_);
  last_ = training_.progress().iteration;
}

}  // namespace ebm
