#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "dualebm/apps/model_chains.hpp"
#include "dualebm/apps/trust_commands.hpp"
#include "dualebm/apps/verdict_text.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/evaluation/evaluation.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"

namespace ebm {
namespace {

ChainSettings settings_of(const DiagnoseOptions& options) {
  return {.kernel = options.kernel,
          .overrides = options.overrides,
          .options = {.chains = options.chains,
                      .warm_up = options.warm_up,
                      .draws = std::min<std::int64_t>(LongChainOptions().draws, options.steps),
                      .most_steps = options.steps},
          .seed = options.seed};
}

/// The particles of the checkpoint against chains of the energy that they followed, which
/// is not the averaged one.
std::optional<Verdict> particles_verdict(const DiagnoseOptions& options, const Experiment& experiment,
                                         const Catalogue& catalogue) {
  const auto directory = RunDirectory::open(options.run);
  if (!std::filesystem::exists(directory.checkpoint())) return std::nullopt;
  const auto prepared = make_problem(experiment, torch::kCPU);
  const auto training = make_training(experiment, prepared, torch::kCPU);
  load_checkpoint(directory.checkpoint(), *training);
  const auto particles = training->trainer().particles();
  if (!particles.defined()) return std::nullopt;
  auto& energy = training->energy();
  const EvaluationMode mode(energy);
  const auto domain = prepared.problem->shared_domain();
  const auto judged =
      chains_of(energy, domain, prepared.problem->data().train, settings_of(options), catalogue,
                particles.options(), "chains of the energy as it was trained last");
  if (!judged.verdict.trusted()) {
    Verdict verdict = judged.verdict;
    for (auto& check : verdict.checks) check.name = "chains: " + check.name;
    return verdict;
  }
  Random random(static_cast<std::uint64_t>(options.seed), "diagnose");
  auto verdict = judge_particles(energy, domain, particles, {}, judged.chains, random);
  for (auto& check : verdict.checks) check.name = "particles: " + check.name;
  return verdict;
}

std::string energies_line(const char* what, const torch::Tensor& energies) {
  return fmt::format("{:<28} {:>10.4g} ± {:.2g}\n", what, energies.mean().item<double>(),
                     energies.std().item<double>() / std::sqrt(static_cast<double>(energies.size(0))));
}

/// Mean energies side by side: a model that is the data has them equal up to what does not generalise.
std::string energies_text(Energy& energy, const Problem& problem, const LongChains& chains) {
  auto text = energies_line("mean energy, model", chains.energies.flatten());
  const auto& data = problem.data();
  text += energies_line("mean energy, training part", energy_at(energy, data.train));
  if (data.validation.defined() && data.validation.size(0) > 1)
    text += energies_line("mean energy, validation part", energy_at(energy, data.validation));
  if (data.test.defined() && data.test.size(0) > 1)
    text += energies_line("mean energy, test part", energy_at(energy, data.test));
  return text;
}

}  // namespace

int diagnose(const DiagnoseOptions& options, const Catalogue& catalogue) {
  const auto run = load_energy_of(options.run, torch::kCPU, catalogue);
  const auto problem = problem_of(options.run, run.experiment, torch::kCPU);
  const auto judged = chains_of(*run.energy, run.domain, problem ? problem->data().train : torch::Tensor(),
                                settings_of(options), catalogue, torch::TensorOptions(run.experiment.dtype()),
                                "chains of the model");
  auto verdict = judged.verdict;
  for (auto& check : verdict.checks) check.name = "model: " + check.name;
  std::string note;
  if (problem) {
    if (auto particles = particles_verdict(options, run.experiment, catalogue)) {
      verdict.append(*particles);
    } else {
      note = "the trainer has no particles, or there is no checkpoint: only the model itself was looked at\n";
    }
  }
  if (options.json) {
    show("{}\n", to_json(verdict).dump(2));
  } else {
    show("{}{}{}", to_text(verdict, "the run"), note,
         problem && judged.chains.finite ? energies_text(*run.energy, *problem, judged.chains) : "");
  }
  return verdict.trusted() ? 0 : not_trusted;
}

}  // namespace ebm
