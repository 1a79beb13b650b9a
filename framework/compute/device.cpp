#include "dualebm/framework/compute/device.hpp"

#include <ATen/core/Tensor.h>
#include <sched.h>
#include <torch/cuda.h>

#include <algorithm>
#include <thread>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

c10::Device parse_device(const std::string& text) {
  if (text == "cpu") return c10::kCPU;
  const bool numbered = text.starts_with("cuda:") && text.size() > 5 && text.size() < 9 &&
                        text.find_first_not_of("0123456789", 5) == std::string::npos;
  require(text == "cuda" || numbered, "--device {}: expected cpu, cuda or cuda:I", text);
  require(torch::cuda::is_available(), "--device {}: this LibTorch sees no CUDA device; use --device cpu",
          text);
  const int index = numbered ? std::stoi(text.substr(5)) : 0;
  const auto count = static_cast<int>(torch::cuda::device_count());
  require(index < count, "--device {}: there are {} CUDA devices, numbered from 0", text, count);
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

torch::Tensor moved_to(const torch::Tensor& x, const torch::TensorOptions& options) {
  if (!x.device().is_cpu() || !options.device().is_cuda()) return x.to(options);
  return x.to(options.device(c10::kCPU)).pin_memory().to(options.device(), /*non_blocking=*/true);
}

int available_cores() {
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) == 0) return std::max(1, CPU_COUNT(&cores));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace ebm
