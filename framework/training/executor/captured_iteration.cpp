#include "dualebm/framework/training/executor/captured_iteration.hpp"

#if defined(EBM_WITH_CUDA)
#include <ATen/ATen.h>
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <c10/util/Exception.h>

#include "dualebm/framework/problem/parameters.hpp"

namespace ebm::cuda {
namespace {

constexpr std::int64_t warm_up = 3;

/// Everything that has to be equal for one graph to stand for both: what the host puts in, shapes, and where
/// the parameters lie, which is written into a graph (an address has 48 bits, a double holds 53).
std::vector<double> signature(const CapturedIteration::Likeness& likeness, const torch::Tensor& batch,
                              const std::vector<torch::Tensor*>& carried, const Energy& energy) {
  auto numbers = likeness.numbers;
  numbers.push_back(likeness.batch_is_constant ? 1 : 0);
  const auto add = [&](const torch::Tensor& tensor) {
    for (const auto size : tensor.sizes()) numbers.push_back(static_cast<double>(size));
  };
  add(batch);
  for (const auto* tensor : carried) add(*tensor);
  const auto place = [&](const torch::Tensor& tensor) {
    numbers.push_back(static_cast<double>(reinterpret_cast<std::uintptr_t>(tensor.data_ptr())));
  };
  for (const auto& parameter : distinct_parameters(energy)) place(parameter);
  for (const auto& buffer : energy.buffers()) place(buffer);
  return numbers;
}

void wait_for(const c10::cuda::CUDAStream& waiting, const c10::cuda::CUDAStream& awaited) {
  at::cuda::CUDAEvent event;
  event.record(awaited);
  event.block(waiting);
}

/// While one lives, work goes to another stream; it comes after what the ambient one has, and what the
/// ambient one gets afterwards comes after it. No host waits.
class OnStream {
 public:
  explicit OnStream(const c10::cuda::CUDAStream& stream)
      : ambient_(c10::cuda::getCurrentCUDAStream(stream.device_index())), stream_(stream) {
    wait_for(stream_, ambient_);
    c10::cuda::setCurrentCUDAStream(stream_);
  }
  ~OnStream() {
    c10::cuda::setCurrentCUDAStream(ambient_);
    try {
      wait_for(ambient_, stream_);
    } catch (const c10::Error&) {  // the device has failed: what comes next says so
    }
  }
  OnStream(const OnStream&) = delete;
  OnStream& operator=(const OnStream&) = delete;

 private:
  const c10::cuda::CUDAStream ambient_, stream_;
};

/// LibTorch's generators count their draws in a graph only if it knows them; before 2.3
/// there is nothing to be told.
template <class Graph>
void register_generator(Graph& graph, const std::optional<torch::Generator>& generator) {
  if constexpr (requires { graph.register_generator_state(*generator); }) {
    if (generator) graph.register_generator_state(*generator);
  }
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

struct CapturedIteration::Stream {
  c10::cuda::CUDAStream stream;
};

CapturedIteration::CapturedIteration() = default;
CapturedIteration::~CapturedIteration() = default;

std::int64_t CapturedIteration::run(const Likeness& likeness, const torch::Tensor& batch,
                                    const std::vector<torch::Tensor*>& carried, Energy& energy,
                                    const Work& work) {
  if (!why_not_.empty() || !batch.is_cuda()) return work(batch);
  const c10::cuda::CUDAGuard device(batch.device());
  const auto now = signature(likeness, batch, carried, energy);
  if (graph_ && graph_->signature == now) return replay(batch, carried, energy);
  alike_ = now == last_ ? alike_ + 1 : 1;
  last_ = now;
  // What LibTorch's libraries set up for a stream when they first see it cannot be captured: iterations warm
  // up on the stream of the capture.
  if (!stream_ || stream_->stream.device() != batch.device())
    stream_ = std::make_unique<Stream>(Stream{c10::cuda::getStreamFromPool(false, batch.device().index())});
  const OnStream on_stream(stream_->stream);
  if (alike_ <= warm_up) return work(batch);
  graph_ = std::make_unique<Graph>();
  graph_->signature = now;
  graph_->batch_is_constant = likeness.batch_is_constant;
  register_generator(graph_->graph, likeness.generator);
  return capture(batch, carried, energy, work);
}

void CapturedIteration::forget() {
  graph_.reset();
  last_.clear();
  alike_ = 0;
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
  const auto give_up = [&](const std::string& reason) {
    why_not_ = reason.substr(0, reason.find('\n'));
    for (std::size_t i = 0; i < carried.size(); ++i) *carried[i] = before[i];
    energy.zero_grad();
    graph_.reset();
    (void)cudaGetLastError();
  };
  c10::cuda::device_synchronize();
  // The graph keeps memory of its own, and eager work does not need its.
  c10::cuda::CUDACachingAllocator::emptyCache();
  try {
    graph.graph.capture_begin();
    try {
      for (std::size_t i = 0; i < carried.size(); ++i) *carried[i] = graph.carried[i];
      graph.result = work(graph.batch);
      for (std::size_t i = 0; i < carried.size(); ++i) {
        if (!carried[i]->is_same(graph.carried[i])) graph.carried[i].copy_(*carried[i]);
      }
      for (const auto& parameter : distinct_parameters(energy)) graph.gradients.push_back(parameter.grad());
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
    give_up("the work itself failed");
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
  auto parameters = distinct_parameters(energy);
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].mutable_grad() = graph.gradients[i];
  return graph.result;
}

}  // namespace ebm::cuda

#else

namespace ebm::cuda {

struct CapturedIteration::Graph {};
struct CapturedIteration::Stream {};

CapturedIteration::CapturedIteration() = default;
CapturedIteration::~CapturedIteration() = default;

std::int64_t CapturedIteration::run(const Likeness&, const torch::Tensor& batch,
                                    const std::vector<torch::Tensor*>&, Energy&, const Work& work) {
  return work(batch);
}

void CapturedIteration::forget() {}

}  // namespace ebm::cuda

#endif
