#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dualebm/apps/density.hpp"
#include "dualebm/apps/fit_choice.hpp"
#include "dualebm/apps/held_out.hpp"
#include "dualebm/apps/model_chains.hpp"
#include "dualebm/apps/report.hpp"
#include "dualebm/apps/run_folders.hpp"
#include "dualebm/apps/trust_commands.hpp"
#include "dualebm/apps/verdict_text.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"

namespace ebm {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double trial_seconds = 2, seconds_of_diagnosis = 20;
constexpr std::int64_t most_iterations = 20000, least_iterations = 500, rounding = 100,
                       steps_of_diagnosis = 16384;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Seconds an iteration takes with its share of evaluations, measured on a training of its
/// own that is thrown away.
double seconds_per_iteration(const Experiment& experiment, const PreparedProblem& prepared) {
  const auto trial = make_training(experiment, prepared, torch::kCPU);
  const auto batch_size = experiment.loop.fit.batch_size;
  const auto step = [&] { trial->step(trial->draw_batch(batch_size)); };
  for (int i = 0; i < 3; ++i) step();
  const auto start = Clock::now();
  std::int64_t steps = 0;
  for (; seconds_since(start) < trial_seconds; ++steps) step();
  const double per_step = seconds_since(start) / static_cast<double>(steps);
  const auto looked = Clock::now();
  trial->evaluate(*prepared.evaluator);
  return per_step +
         seconds_since(looked) / static_cast<double>(std::max<std::int64_t>(1, experiment.evaluation.every));
}

/// As many iterations as there is time for, unless the user has said how many.
void set_length(const FitCommandOptions& options, Json& configuration, const Catalogue& catalogue) {
  if (configuration["loop"].contains("iterations")) return;
  configuration["loop"]["iterations"] = most_iterations;
  const auto experiment = read_experiment(configuration, catalogue);
  const auto prepared = make_problem(experiment, torch::kCPU);
  const double each = seconds_per_iteration(experiment, prepared);
  const double there_is_time_for = options.minutes * 60 * share_of_training / each;
  auto iterations =
      std::clamp(static_cast<std::int64_t>(there_is_time_for), least_iterations, most_iterations);
  configuration["loop"]["iterations"] = iterations / rounding * rounding;
  ebm::note("length     {} iterations at most, {:.3g} ms each\n", iterations / rounding * rounding,
            1000 * each);
}

/// The configuration with what was chosen and why, as comments.
std::string commented(const FitChoice& choice) {
  std::string text = "// Chosen by dualebm fit:\n";
  for (const auto& reason : choice.reasons) text += "//   " + reason + "\n";
  return text + choice.configuration.dump(2) + "\n";
}

/// What was found of a fit. Where log Z is known by quadrature the density is what it is said to be, whether
/// chains find their way between its modes or not: then that is a verdict of its own, on sampling.
struct Judgement {
  Verdict density;
  std::optional<Verdict> sampling;
};

void show_findings(const Judgement& judgement, const std::vector<HeldOutLine>& lines,
                   const KnownNormalizer* normalizer) {
  if (judgement.sampling) show("{}\n", to_text(*judgement.sampling, "sampling by chains"));
  show("{}", to_text(judgement.density, "the density"));
  if (normalizer != nullptr) {
    show("log Z {:.6g}{} by {}\n", normalizer->log_z,
         normalizer->standard_error ? fmt::format(" ± {:.2g}", *normalizer->standard_error) : "",
         normalizer->method);
  }
  show("{}", to_text(lines));
}

Check normalizer_check(const std::optional<KnownNormalizer>& normalizer, bool agree) {
  constexpr double limit = 0.3;
  const double error = !normalizer ? HUGE_VAL : normalizer->standard_error.value_or(0);
  const auto finding =
      normalizer ? "standard error in nats, by " + normalizer->method
      : agree    ? std::string("not known: the ways from the base to the model and back do not meet")
                 : std::string("not known: chains that do not agree are no end to go back from");
  return {"log Z",
          error,
          limit,
          error <= limit,
          finding,
          agree
              ? "likelihoods are worth little: train more smoothly, with fewer iterations or a smaller energy"
              : "see R-hat above"};
}

struct Fitted {
  Experiment experiment;
  PreparedProblem prepared;
  RunDirectory directory;
  TrainingRun run;
};

Fitted train_choice(const FitCommandOptions& options, const FitChoice& choice, const Catalogue& catalogue) {
  auto experiment = read_experiment(choice.configuration, catalogue);
  auto prepared = make_problem(experiment, torch::kCPU);
  const auto training = make_training(experiment, prepared, torch::kCPU);
  const auto path =
      options.out.empty() ? default_folder(experiment.general.title) : std::filesystem::path(options.out);
  auto directory = create_run(path, options.force);
  auto run = train_in(
      directory, experiment, prepared, *training,
      {.command = options.command, .device = "cpu", .threads = options.threads, .plugins = options.plugins},
      "fit", false);
  return {std::move(experiment), std::move(prepared), std::move(directory), std::move(run)};
}

Judgement judgement_of(Verdict chains, bool known, const Check& normalizer) {
  if (known) return {.density = {.checks = {normalizer}}, .sampling = std::move(chains)};
  chains.checks.push_back(normalizer);
  return {.density = std::move(chains), .sampling = {}};
}

void write_page(const Fitted& fitted, const Verdict& verdict, const std::vector<HeldOutLine>& lines) {
  write_report(
      fitted.directory.report(),
      {.kind = "train",
       .summary = fmt::format("{}: fitted by dualebm fit, {} training points in {} dimensions, seed {}; {}",
                              fitted.experiment.general.title, fitted.prepared.problem->data().train.size(0),
                              fitted.prepared.problem->domain().dimension(), fitted.experiment.general.seed,
                              in_a_line(verdict)),
       .configuration = fitted.experiment.resolved,
       .manifest = read_json_file(fitted.directory.manifest().string()),
       .runs = {fitted.run},
       .table = table_at("final", {fitted.run}, Axis::iteration, std::nullopt),
       .more_tables = {table_of(lines, fitted.run.metrics)}},
      fitted.prepared);
}

}  // namespace

int fit_data(const FitCommandOptions& options, const Catalogue& catalogue) {
  const auto began = Clock::now();
  ebm::note("reading    {}\n", options.data);
  auto choice = choose_fit(options);
  for (const auto& reason : choice.reasons) ebm::note("{}\n", reason);
  set_length(options, choice.configuration, catalogue);
  if (!options.config.empty()) {
    write_atomically(options.config, commented(choice));
    show("configuration written to {}; train it with: dualebm train {}\n", options.config, options.config);
    return 0;
  }
  const auto fitted = train_choice(options, choice, catalogue);
  if (fitted.run.end != RunEnd::finished) ebm::note("{}\n", fitted.run.status());
  const auto loaded = load_energy_of(fitted.directory.path().string(), torch::kCPU, catalogue);
  const auto& problem = *fitted.prepared.problem;
  ChainSettings diagnosis;
  diagnosis.options.most_steps = steps_of_diagnosis;
  diagnosis.seconds = std::max(seconds_of_diagnosis, 60 * options.minutes - seconds_since(began));
  auto judged = chains_of(*loaded.energy, loaded.domain, problem.data().train, {}, catalogue,
                          problem.data().train.options(), "diagnosis");
  auto normalizer = known_normalizer(fitted.directory, loaded, &problem);
  const bool known = normalizer.has_value();
  if (!normalizer && judged.chains.agree)
    normalizer =
        estimate_normalizer(fitted.directory, loaded, problem, judged.chains, fitted.experiment.seed());
  const auto judgement =
      judgement_of(judged.verdict, known, normalizer_check(normalizer, judged.chains.agree));
  const auto lines = compare_held_out(loaded, problem, normalizer);
  show_findings(judgement, lines, normalizer ? &*normalizer : nullptr);
  auto verdict = to_json(judgement.density);
  if (judgement.sampling) verdict["sampling"] = to_json(*judgement.sampling);
  write_json(fitted.directory.path() / "verdict.json", verdict);
  write_page(fitted, judgement.density, lines);
  show("run        {}\nreport     {}\nas train:  dualebm train {}\n", fitted.directory.path().string(),
       fitted.directory.report().string(), fitted.directory.config().string());
  return judgement.density.trusted() ? 0 : not_trusted;
}

}  // namespace ebm
