#include <ATen/Context.h>
#include <fmt/format.h>

#include <algorithm>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/device_check/agreement.hpp"
#include "dualebm/apps/device_check/speed.hpp"
#include "dualebm/apps/verdict_text.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/cuda/device_properties.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/compute/parallel.hpp"

namespace ebm {
namespace {

void show_device(torch::Device device, const std::optional<cuda::DeviceProperties>& properties) {
  if (properties) {
    show(
        "{}: {}, compute capability {}.{}, {} multiprocessors at {:.2f} GHz, {:.0f} GiB; peak {:.1f} TFLOP/s "
        "in float32\n\n",
        device.str(), properties->name, properties->major, properties->minor, properties->multiprocessors,
        properties->clock / 1e9, properties->memory / (1 << 30), properties->peak_operations() / 1e12);
  } else if (device.is_cuda()) {
    show("{}: built without a CUDA compiler, so that LibTorch's operators do the work of our kernels\n\n",
         device.str());
  } else {
    show("{}: {} threads\n\n", device.str(), threads());
  }
}

bool show_agreement(const std::vector<Agreement>& all) {
  show("agreement with the CPU in double precision: the largest error, as a share of what rounding allows\n");
  bool good = true;
  for (const auto& one : all) {
    show("  {:<44} {:<10.3g} {}\n", one.what, one.error, one.agrees() ? "agrees" : "DIFFERS");
    good = good && one.agrees();
  }
  return good;
}

bool show_graph(torch::Device device) {
  if (!device.is_cuda()) return true;
  const auto graph = graph_agreement_on(device);
  show("  {:<44} {:<10} {}\n", "15 iterations by a CUDA graph and without",
       fmt::format("{} replays", graph.replays), graph.same_bits ? "same bits" : "DIFFERS");
  if (!graph.why_not.empty()) show("  no CUDA graph: {}\n", graph.why_not);
  return graph.same_bits;
}

void show_speeds(const std::vector<Speed>& all, double peak) {
  show("\nspeed, medians\n");
  for (const auto& one : all) {
    auto line = fmt::format("  {:<66} {:>9.3g} ms", one.what, 1e3 * one.seconds);
    if (one.operations > 0) line += fmt::format("  {:>7.3g} TFLOP/s", one.operations / one.seconds / 1e12);
    if (one.operations > 0 && peak > 0)
      line += fmt::format("  {:.0f} % of peak", 100 * one.operations / one.seconds / peak);
    if (one.bytes > 0) line += fmt::format("  {:>7.3g} GB/s", one.bytes / one.seconds / 1e9);
    show("{}\n", line);
  }
}

}  // namespace

int check_device(const DeviceOptions& options) {
  const auto device = parse_device(options.device);
  // Products in reduced precision would be another arithmetic than what is asked about.
  at::globalContext().setAllowTF32CuBLAS(false);
  const auto properties = cuda::properties_of(device);
  show_device(device, properties);
  const bool kernels = show_agreement(agreements_on(device));
  const bool graph = show_graph(device);
  show_speeds(speeds_on(device), properties ? properties->peak_operations() : 0);
  if (kernels && graph) return 0;
  note("dualebm: what this device computes is not what the CPU does; do not train on it\n");
  return not_trusted;
}

}  // namespace ebm
