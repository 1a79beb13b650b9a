#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "dualebm/apps/model_chains.hpp"
#include "dualebm/apps/point_files.hpp"
#include "dualebm/apps/trust_commands.hpp"
#include "dualebm/apps/verdict_text.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/device.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_chains = 4096, points_per_chain = 256;

/// Where the user leaves it open, more chains for more points; then as many draws of each as it takes.
LongChainOptions chain_options(const SampleOptions& options) {
  LongChainOptions chains;
  chains.chains = options.chains > 0
                      ? options.chains
                      : std::clamp(options.count / points_per_chain, chains.chains, most_chains);
  chains.warm_up = options.warm_up;
  const auto needed = (options.count + chains.chains - 1) / chains.chains;
  chains.draws = std::max(needed, std::min(chains.draws, options.steps));
  chains.most_steps = std::max(options.steps, chains.draws);
  return chains;
}

/// `count` of the draws, evenly over time and chains: [count, d].
torch::Tensor thinned(const torch::Tensor& draws, std::int64_t count) {
  const auto in_time = draws.transpose(0, 1).flatten(0, 1);
  const auto place = (torch::arange(count, torch::kDouble) + 0.5) / static_cast<double>(count) *
                     static_cast<double>(in_time.size(0));
  return in_time.index_select(0, place.floor().to(torch::kLong).to(draws.device()));
}

/// Neither a file of a run nor one that this run was trained on: points drawn can be
/// drawn again, these cannot.
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

int sample(const SampleOptions& options, const Catalogue& catalogue) {
  const auto device = parse_device(options.device);
  const auto directory = RunDirectory::open(options.run);
  const auto run = load_energy_of(options.run, device, catalogue);
  if (!options.out.empty()) require_free(options.out, run);
  const auto problem = problem_of(options.run, run.experiment, device);
  const auto tensor_options = torch::TensorOptions(run.experiment.dtype()).device(device);
  const auto judged = chains_of(*run.energy, run.domain, problem ? problem->data().train : torch::Tensor(),
                                {.kernel = options.kernel,
                                 .overrides = options.overrides,
                                 .options = chain_options(options),
                                 .seed = options.seed},
                                catalogue, tensor_options, "sampling");
  if (!judged.chains.finite)
    throw NonFiniteError(
        "sample: the chains left the finite numbers; the energy falls without bound somewhere");
  const auto table = table_of(run, directory, thinned(judged.chains.draws, options.count));
  const bool array = options.out.ends_with(".npy");
  if (options.out.empty()) {
    write_result(to_csv(table));
  } else {
    write_atomically(options.out, array ? to_npy(table) : to_csv(table));
    note("{} points written to {}\n", options.count, options.out);
  }
  const auto& chains = judged.chains;
  ebm::note("{} chains by {}, {} steps each after {} of warm-up; of the last {} steps one in {} is kept\n{}",
            chains.draws.size(0), options.kernel, chains.steps, options.warm_up,
            chains.thinning * chains.draws.size(1), chains.thinning, to_text(judged.verdict, "the sample"));
  return judged.verdict.trusted() ? 0 : not_trusted;
}

}  // namespace ebm
