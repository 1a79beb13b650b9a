#pragma once

#include <cstdint>
#include <memory>

#include "dualebm/framework/storage/checkpoint_generations.hpp"
#include "dualebm/framework/training/callback.hpp"
#include "dualebm/framework/training/training.hpp"

namespace ebm {

/// Writes a checkpoint of a training every so many iterations and at the end.
class CheckpointWriter final : public Callback {
 public:
  /// @param every  iterations between two checkpoints; 0: at the end only
  CheckpointWriter(const Training& training, std::shared_ptr<CheckpointGenerations> files,
                   std::int64_t every);
  void on_step(const Progress& progress) override;
  void on_recovery(const Recovery&) override { last_ = -1; }  // the same iteration, another state
  void on_end(const Progress& progress) override;

 private:
  void write();

  const Training& training_;
  std::shared_ptr<CheckpointGenerations> files_;
  std::int64_t every_, last_ = -1;  ///< the iteration of the last one that was written
  std::size_t records_ = 0;         ///< that it holds
};

}  // namespace ebm
