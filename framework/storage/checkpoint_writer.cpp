#include "dualebm/framework/storage/checkpoint_writer.hpp"

#include "dualebm/framework/base/error.hpp"

namespace ebm {

CheckpointWriter::CheckpointWriter(const Training& training, std::shared_ptr<CheckpointGenerations> files,
                                   std::int64_t every)
    : training_(training), files_(std::move(files)), every_(every) {
  require(files_ != nullptr, "checkpoint writer: there are no files to write to");
  require(every >= 0, "checkpoint_every: expected an integer >= 0, found {}", every);
}

void CheckpointWriter::on_step(const Progress& progress) {
  if (every_ > 0 && progress.iteration % every_ == 0) write();
}

void CheckpointWriter::on_end(const Progress& progress) {
  if (last_ != progress.iteration || records_ != training_.records().size()) write();
}

void CheckpointWriter::write() {
  files_->write(training_);
  last_ = training_.progress().iteration;
  records_ = training_.records().size();
}

}  // namespace ebm
