#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/datasets/files/points.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"
#include "dualebm/framework/training/callbacks/console.hpp"

namespace ebm {
namespace {

std::string csv_of(const torch::Tensor& table, const std::vector<std::string>& header) {
  auto text = fmt::format("{}\n", fmt::join(header, ","));
  const auto access = table.accessor<double, 2>();
  for (std::int64_t i = 0; i < table.size(0); ++i) {
    for (std::int64_t k = 0; k < table.size(1); ++k) {
      text += fmt::format("{}{:.9g}", k ? "," : "", access[i][k]);
    }
    text += '\n';
  }
  return text;
}

/// In the form that the run's own data came in, so that `evaluate --data` reads it back.
std::string as_csv(const LoadedEnergy& run, const torch::Tensor& points) {
  const auto table = run.transform->inverse(points.to(torch::kCPU, torch::kDouble)).contiguous();
  if (run.experiment.dataset.name == "lat_lon_csv")
    return csv_of(to_lat_lon(table).contiguous(), {"lat_deg", "lon_deg"});
  std::vector<std::string> header;
  for (std::int64_t k = 0; k < table.size(1); ++k) header.push_back(fmt::format("x{}", k));
  return csv_of(table, header);
}

/// Neither a file of a run nor one that this run was trained on: points drawn can be drawn again, these cannot.
void require_free(const std::string& path, const LoadedEnergy& run) {
  require_no_file_of_a_run(path, "sample");
  std::error_code none;
  for (const auto& [key, value] : run.experiment.dataset.resolved().items()) {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) continue;
    require(!std::filesystem::equivalent(path, value.get<std::string>(), none) || none,
            "sample: {} is what the run was trained on (dataset.{}); choose another name with -o", path, key);
  }
}

}  // namespace

void sample(const SampleOptions& options, const Catalogue& catalogue) {
  const auto device = parse_device(options.device);
  const auto run = load_energy_of(options.run, device, catalogue);
  if (!options.out.empty()) require_free(options.out, run);
  const auto& domain = *run.domain;
  const auto tensor_options = torch::TensorOptions(run.experiment.dtype()).device(device);
  Random random(static_cast<std::uint64_t>(options.seed), "sample", tensor_options.device());
  const Langevin sampler({.step_size = options.step_size, .antithetic = false});
  auto state = sampler.init(domain.sample_base(options.count, random, tensor_options));
  ConsoleProgress console(stderr, "sampling");
  Progress progress;
  console.on_start(progress);
  while (progress.iteration < options.steps) {
    sampler.step(*run.energy, domain, state, random, 1.0);
    progress.fraction = static_cast<double>(++progress.iteration) / static_cast<double>(options.steps);
    console.on_step(progress);
  }
  console.on_end(progress);
  if (!std::isfinite(state.positions.sum().item<double>())) {
    throw NonFiniteError("sample: the chains left the finite numbers; take a smaller --step-size");
  }
  const auto text = as_csv(run, state.positions);
  if (options.out.empty()) {
    write_result(text);
  } else {
    write_atomically(options.out, text);
    note("{} points written to {}\n", options.count, options.out);
  }
}

}  // namespace ebm
