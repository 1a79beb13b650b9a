#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dualebm/framework/problem/energy.hpp"

namespace ebm::cuda {

/// The work that an iteration hands to a CUDA device, captured once as a CUDA graph and replayed: one launch
/// in place of a hundred. Iterations that are alike share a graph; the first three run eagerly, the next is
/// captured, for which it waits for the device, and replayed from then on. An iteration unlike the graph's
/// runs eagerly; after three that are like one another the graph is captured anew.
///
/// What a replay repeats is what the device did: numbers that the host computes are those of the capture.
/// Work that cannot be captured (it reads a number of the device) runs eagerly for good, and `why_not` says
/// why. In a build without EBM_WITH_CUDA all of it does.
class CapturedIteration final {
 public:
  /// Numbers that the host puts into the work: equal ones are what makes iterations alike, besides shapes.
  struct Likeness {
    std::vector<double> numbers;     ///< compared exactly
    bool batch_is_constant = false;  ///< the batch is the same memory with the same content every time
    /// LibTorch's generator that the work draws from.
    std::optional<torch::Generator> generator = std::nullopt;
  };

  /// Work on a batch; its result is a number of the host that is equal in iterations that are alike. It may
  /// replace carried tensors, write to parameters and other tensors in place, and make new gradients.
  using Work = std::function<std::int64_t(const torch::Tensor& batch)>;

  CapturedIteration();
  ~CapturedIteration();

  /// Does the work, eagerly or by a replay.
  /// @param carried  tensors that the work replaces and the next iteration goes on from. Replays overwrite
  /// them in place: whoever keeps one clones it
  std::int64_t run(const Likeness& likeness, const torch::Tensor& batch,
                   const std::vector<torch::Tensor*>& carried, Energy& energy, const Work& work);

  /// Drops the graph, if there is one: to be called when memory that the work reads
  /// has been replaced (a load).
  void forget();

  /// Iterations that were replayed so far.
  std::int64_t replays() const { return replays_; }

  /// Why iterations are not captured any more; empty as long as they may be.
  const std::string& why_not() const { return why_not_; }

 private:
  struct Graph;
  struct Stream;

  std::int64_t capture(const torch::Tensor& batch, const std::vector<torch::Tensor*>& carried, Energy& energy,
                       const Work& work);
  std::int64_t replay(const torch::Tensor& batch, const std::vector<torch::Tensor*>& carried, Energy& energy);

  std::unique_ptr<Stream> stream_;  ///< of warm-up and capture
  std::unique_ptr<Graph> graph_;
  std::vector<double> last_;  ///< likeness and shapes of the last iteration
  std::int64_t alike_ = 0, replays_ = 0;
  std::string why_not_;
};

}  // namespace ebm::cuda
