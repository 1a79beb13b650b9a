#include "dualebm/apps/model_chains.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/sampling/hmc.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/training/callbacks/console.hpp"

namespace ebm {
namespace {

constexpr std::int64_t pilot_chains = 512, pilot_steps = 200, most_data = 5000;

/// Stands for the data where there are none: where short chains from the base have gone.
torch::Tensor pilot(Energy& energy, const Domain& domain, Random& random,
                    const torch::TensorOptions& options) {
  const Hmc hmc(Hmc::Options{});
  auto state = hmc.init(domain.sample_base(pilot_chains, random, options));
  for (std::int64_t i = 0; i < pilot_steps; ++i) hmc.step(energy, domain, state, random, 1);
  return state.positions;
}

/// Rows at random where there are more than a proposal needs.
torch::Tensor some_of(const torch::Tensor& data, Random& random) {
  if (data.size(0) <= most_data) return data;
  return data.index_select(0, random.subset(data.size(0), most_data).to(data.device()));
}

std::shared_ptr<const Sampler> make_sampler(const ChainSettings& settings, const Catalogue& catalogue,
                                            const SamplerContext& context) {
  Json section = {{"name", settings.kernel}};
  for (const auto& assignment : settings.overrides) apply_override(section, assignment);
  return catalogue.samplers.read(section, "sampler").make(context);
}

}  // namespace

JudgedChains chains_of(Energy& energy, const std::shared_ptr<const Domain>& domain,
                       const torch::Tensor& given, const ChainSettings& settings, const Catalogue& catalogue,
                       const torch::TensorOptions& options, const std::string& label) {
  Random random(static_cast<std::uint64_t>(settings.seed), "sample", options.device());
  const auto data =
      given.defined() ? some_of(given, random).to(options) : pilot(energy, *domain, random, options);
  const auto sampler = make_sampler(settings, catalogue, {.domain = domain, .data = data, .random = random});
  ConsoleProgress console(stderr, label);
  Progress progress;
  console.on_start(progress);
  const auto began = std::chrono::steady_clock::now();
  const auto starts = dispersed_starts(domain, data, settings.options.chains, random, options);
  JudgedChains judged;
  judged.chains =
      run_long_chains(energy, *domain, *sampler, starts, settings.options, random, [&](double fraction) {
        progress.fraction = fraction;
        progress.iteration = static_cast<std::int64_t>(
            fraction * static_cast<double>(settings.options.warm_up + settings.options.most_steps));
        console.on_step(progress);
        // A further round is twice as long as the last one, and about as long as all before it twice.
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began;
        return settings.seconds == 0 || 3 * elapsed.count() < settings.seconds;
      });
  console.on_end(progress);
  judged.verdict = judge_chains(judged.chains, settings.options);
  if (judged.chains.finite)
    judged.verdict.checks.push_back(flux_check(energy, domain, judged.chains, random));
  return judged;
}

std::shared_ptr<const Problem> problem_of(const std::string& path, const Experiment& experiment,
                                          torch::Device device) {
  try {
    const auto prepared = make_problem(experiment, device);
    require_same_data(RunDirectory::open(path), *prepared.problem);
    return prepared.problem;
  } catch (const UserError& error) {
    ebm::note("{}: goes on without the data of the run: {}\n", path, error.what());
    return nullptr;
  }
}

}  // namespace ebm
