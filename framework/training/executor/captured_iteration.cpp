#include "dualebm/framework/training/executor/captured_iteration.hpp"

#if defined(EBM_WITH_CUDA)
#include <ATen/ATen.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/Exception.h>

namespace ebm::cuda {
namespace {

constexpr std::int64_t warm_up = 3;

/// Everything that has to be equal for one graph to stand for both.
std::vector<double> signature(const CapturedIteration::Likeness& likeness, const torch::Tensor& batch,
                              const std::vector<torch::Tensor*>& carried, const Energy& energy) {
  auto numbers = likeness.numbers;
  numbers.push_back(likeness.batch_is_constant ? 1 : 0);
  const auto add = [&](const torch::Tensor& tensor) {
    for (const auto size : tensor.sizes()) numbers.push_back(static_cast<double>(size));
  };
  add(batch);
  for (const auto* tensor : carried) add(*tensor);
  // A graph reads and writes the memory that parameters had when it was captured.
  for (const auto& parameter : energy.parameters()) {
    numbers.push_back(static_cast<double>(reinterpret_cast<std::uintptr_t>(parameter.data_ptr())));
  }
  return numbers;
}

}  // namespace

struct CapturedIteration::Graph {
  at::cuda::CUDAGraph graph;
  std::vector<double> signature;
  bool batch_is_constant = false;
  torch::Tensor batch;                            ///< that the graph reads
  std::vector<torch::Tensor> carried, gradients;  ///< that it reads and writes, that it writes
  std::int64_t result = 0;
};

CapturedIteration::CapturedIteration() = default;
CapturedIteration::~CapturedIteration() = default;

std::int64_t CapturedIteration::run(const Likeness& likeness, const torch::Tensor& batch,
                                    const std::vector<torch::Tensor*>& carried, Energy& energy,
                                    const Work& work) {
  if (!why_not_.empty() || !batch.is_cuda()) return work(batch);
  const auto now = signature(likeness, batch, carried, energy);
  if (graph_ && graph_->signature == now) return replay(batch, carried, energy);
  alike_ = now == last_ ? alike_ + 1 : 1;
  last_ = now;
  if (alike_ <= warm_up) return work(batch);
  graph_ = std::make_unique<Graph>();
  graph_->signature = now;
  graph_->batch_is_constant = likeness.batch_is_constant;
  return capture(batch, carried, energy, work);
}

std::int64_t CapturedIteration::capture(const torch::Tensor& batch,
                                        const std::vector<torch::Tensor*>& carried, Energy& energy,
                                        const Work& work) {
  auto& graph = *graph_;
  graph.batch = graph.batch_is_constant ? batch : batch.clone();
  std::vector<torch::Tensor> before;
  for (const auto* tensor : carried) {
    before.push_back(*tensor);
    graph.carried.push_back(tensor->clone());
  }
  const auto give_up = [&](const char* reason) {
    why_not_ = std::string(reason).substr(0, std::string(reason).find('\n'));
    for (std::size_t i = 0; i < carried.size(); ++i) *carried[i] = before[i];
    energy.zero_grad();
    graph_.reset();
    (void)cudaGetLastError();
  };
  const c10::cuda::CUDAGuard device(batch.device());
  c10::cuda::device_synchronize();
  try {
    const c10::cuda::CUDAStreamGuard stream(c10::cuda::getStreamFromPool(false, batch.device().index()));
    graph.graph.capture_begin();
    try {
      for (std::size_t i = 0; i < carried.size(); ++i) *carried[i] = graph.carried[i];
      graph.result = work(graph.batch);
      for (std::size_t i = 0; i < carried.size(); ++i) {
        if (!carried[i]->is_same(graph.carried[i])) graph.carried[i].copy_(*carried[i]);
      }
      for (const auto& parameter : energy.parameters()) graph.gradients.push_back(parameter.grad());
    } catch (...) {
      try {
        graph.graph.capture_end();  // the stream must not go on capturing; it says again what went wrong
      } catch (const c10::Error&) {
      }
      throw;
    }
    graph.graph.capture_end();
  } catch (const c10::Error& error) {
    // Nothing of it has run: what the work read of the device cannot be captured. It runs eagerly, now and
    // later.
    give_up(error.what_without_backtrace());
    return work(batch);
  } catch (...) {
    give_up("the iteration threw while it was captured");
    throw;
  }
  // The work has been written down, not done: what is carried is still what it was.
  for (std::size_t i = 0; i < carried.size(); ++i) *carried[i] = graph.carried[i];
  return replay(batch, carried, energy);
}

std::int64_t CapturedIteration::replay(const torch::Tensor& batch, const std::vector<torch::Tensor*>& carried,
                                       Energy& energy) {
  const torch::NoGradGuard no_grad;
  auto& graph = *graph_;
  if (!graph.batch_is_constant) graph.batch.copy_(batch);
  for (std::size_t i = 0; i < carried.size(); ++i) {
    if (carried[i]->is_same(graph.carried[i])) continue;
    graph.carried[i].copy_(*carried[i]);
    *carried[i] = graph.carried[i];
  }
  graph.graph.replay();
  ++replays_;
  auto parameters = energy.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].mutable_grad() = graph.gradients[i];
  return graph.result;
}

void CapturedIteration::forget() {
  graph_.reset();
  last_.clear();
  alike_ = 0;
}

}  // namespace ebm::cuda

#else

namespace ebm::cuda {

struct CapturedIteration::Graph {};

CapturedIteration::CapturedIteration() = default;
CapturedIteration::~CapturedIteration() = default;

void CapturedIteration::forget() {}

std::int64_t CapturedIteration::run(const Likeness&, const torch::Tensor& batch,
                                    const std::vector<torch::Tensor*>&, Energy&, const Work& work) {
  return work(batch);
}

}  // namespace ebm::cuda

#endif
