#include <fmt/format.h>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/experiment/making.hpp"
#include "dualebm/framework/experiment/tuning_plan.hpp"
#include "dualebm/framework/problem/conformance.hpp"

namespace ebm {
namespace {

/// One line for what was looked into, and one for each thing that was found.
bool reported(const char* kind, const Conformance& conformance) {
  show("{:<10} {:<24} {}\n", kind, conformance.subject,
       conformance.holds() ? "keeps its promises" : "does not");
  for (const auto& failure : conformance.failures) show("           {}; {}\n", failure.what, failure.advice);
  return conformance.holds();
}

}  // namespace

int check_configuration(const CheckOptions& options, const Catalogue& catalogue) {
  const auto configuration = load_configuration(options.config, options.overrides);
  const auto experiment = read_experiment(configuration, catalogue);
  const auto prepared = make_problem(experiment, torch::kCPU);
  const auto energy =
      make_energy(experiment, prepared.problem->shared_domain(), torch::kCPU, prepared.problem->data().train);
  Random random(experiment.seed(), "conformance");
  const bool domain = reported("domain", check(prepared.problem->domain(), random));
  const bool holds = reported("energy", check(*energy, prepared.problem->domain(), random)) && domain;
  make_training(experiment, prepared, torch::kCPU);
  show("{:<10} {:<24} {}\n", "training", experiment.trainer.name, "can be made");
  if (!experiment.tuning.ranges.empty()) {
    const auto trials = plan_tuning(configuration, catalogue).trials.size();
    show("{:<10} {:<24} {}\n", "search", fmt::format("{} trials", trials), "can be planned");
  }
  return holds ? 0 : 2;
}

}  // namespace ebm
