#pragma once

#include "dualebm/framework/training/executor/captured_iteration.hpp"
#include "dualebm/framework/training/executor/executor.hpp"

namespace ebm {

/// Captures iterations that repeat one another as a CUDA graph and replays it.
///
/// A strategy promises that its iterations repeat (Trainer::repeats). While they still run eagerly the
/// promise is looked into: one that reads the iteration's number or draws on the host is not captured, and
/// `why_not` says so. The optimizer's step is part of the graph where it computes on the device alone;
/// Adam's, which counts on the host, is not.
class CudaGraphExecutor final : public Executor {
 public:
  Cost run(const Work& work) override;
  void forget() override { captured_.forget(); }
  std::int64_t replays() const override { return captured_.replays(); }
  std::string why_not() const override {
    return broken_promise_.empty() ? captured_.why_not() : broken_promise_;
  }

 private:
  cuda::CapturedIteration captured_;
  Cost cost_;  ///< of the last iteration that was not a replay
  std::string broken_promise_;
};

}  // namespace ebm
