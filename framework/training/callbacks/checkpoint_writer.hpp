#pragma once

#include <filesystem>
#include <functional>

#include "dualebm/framework/training/callback.hpp"

namespace ebm {

/// Calls `save` every so many iterations and at the end.
class CheckpointWriter final : public Callback {
 public:
  /// @param every  iterations between two checkpoints; 0: at the end only
  CheckpointWriter(std::int64_t every, std::function<void(const Progress&)> save);
  void on_step(const Progress& progress) override;
  void on_end(const Progress& progress) override;

 private:
  std::int64_t every_, last_ = -1;
  std::function<void(const Progress&)> save_;
};

}  // namespace ebm
