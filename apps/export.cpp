#include <fmt/format.h>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "dualebm/framework/export/torchscript.hpp"
#include "dualebm/framework/export/weights.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"

namespace ebm {
namespace {

/// The last record of a run, if it is of the weights that were loaded: those of the final model.
std::optional<Record> record_of_model(const RunDirectory& run, const Json& manifest) {
  if (!std::filesystem::exists(run.model()) || !std::filesystem::exists(run.metrics())) return std::nullopt;
  auto records = read_records(run.metrics());
  if (records.empty() || records.back().progress.iteration != manifest.value("iteration", -1))
    return std::nullopt;
  return std::move(records.back());
}

/// What somebody who has the file alone may want to know.
Json description_of(const RunDirectory& run, const LoadedEnergy& loaded) {
  const auto manifest = run.read_manifest();
  Json description = {
      {"energy", loaded.experiment.energy.name}, {"log_z", nullptr}, {"log_z_error", nullptr}};
  if (const auto record = record_of_model(run, manifest)) {
    const double* error = find_metric(record->metrics, "quadrature_error");
    if (const double* log_z = find_metric(record->metrics, "log_z")) {
      description["log_z"] = *log_z;
      description["log_z_error"] = error ? *error : 0.0;  // without a quadrature it is a closed form
    }
  }
  description["configuration"] = loaded.experiment.resolved;
  description["manifest"] = manifest;
  return description;
}

/// What the run was measured on, as it came, with the energies that `evaluate` averages there.
struct OwnNumbers {
  torch::Tensor points, energies;  ///< undefined where the data are out of reach
  std::optional<double> likelihood;
  std::string why_not;  ///< one line
};

OwnNumbers own_numbers(const RunDirectory& run, const LoadedEnergy& loaded) {
  try {
    const auto data = make_dataset(loaded.experiment, loaded.domain);
    const auto prepared = make_problem(loaded.experiment, torch::kCPU);
    require_same_data(run, *prepared.problem);
    const bool tested = data.test.defined();
    constexpr std::int64_t most = 100000;  // as Evaluation
    const auto first = [&](const torch::Tensor& part) {
      return part.narrow(0, 0, std::min(most, part.size(0)));
    };
    const auto raw = first(tested ? data.test : data.train).to(torch::kDouble);
    auto points = first(tested ? prepared.problem->data().test : prepared.problem->data().train);
    // A transform that draws, as dequantisation does, has no second time the same points.
    const auto again = prepared.transform->forward(raw).to(points.options());
    if (!again.equal(points)) points = again;
    const auto values = prepared.evaluator->evaluate(*loaded.energy);
    const double* likelihood = find_metric(values, tested ? "nll_test" : "nll_train");
    return {.points = prepared.transform->empty() ? points : raw,
            .energies = energy_at(*loaded.energy, points) - prepared.transform->log_determinant(),
            .likelihood = likelihood ? std::optional(*likelihood) : std::nullopt,
            .why_not = {}};
  } catch (const UserError& error) {
    return {.points = {}, .energies = {}, .likelihood = {}, .why_not = error.what()};
  }
}

std::string agreement(double error) {
  return error == 0 ? "to the last bit" : fmt::format("to {:.1g} of their size", error);
}

std::string summary_of(const ExportResult& result, const OwnNumbers& own) {
  const auto& fidelity = result.fidelity;
  auto text = fmt::format(
      "verified on {} points in batches of 1, 2, 5, 7 and 64: energies agree {}, scores {}, energies in the "
      "other precision {}",
      fidelity.points, agreement(fidelity.energy_error), agreement(fidelity.score_error),
      agreement(fidelity.converted_error));
  if (own.points.defined()) {
    text += fmt::format("\nverified against the run's own numbers: {} points as they came, energies agree {}",
                        fidelity.known_points, agreement(fidelity.known_error));
    if (own.likelihood) text += fmt::format("; NLL {:.8g}, as evaluate says", *own.likelihood);
  } else {
    text += fmt::format("\nnot compared with the run's own numbers: {}", own.why_not);
  }
  if (!result.trainable)
    text +=
        "\nnote: numbers computed from the weights are fixed in the file; use it, but do not train it "
        "further";
  return text;
}

}  // namespace

void export_run(const ExportOptions& options, const Catalogue& catalogue) {
  const bool script = options.format == "torchscript";
  const auto run = RunDirectory::open(options.run);
  const auto path = options.out.empty() ? run.path() / (script ? "export.pt" : "export.safetensors")
                                        : std::filesystem::path(options.out);
  require_no_file_of_a_run(path, "export");
  require(options.force || !std::filesystem::exists(path),
          "export: {} is there already; --force replaces it, -o chooses another name", path.string());

  const auto loaded = load_energy_of(options.run, torch::kCPU, catalogue);
  const auto own = script ? own_numbers(run, loaded) : OwnNumbers();
  const Exportable model{.energy = *loaded.energy,
                         .domain = *loaded.domain,
                         .transform = loaded.transform,
                         .description = std::make_shared<const Json>(description_of(run, loaded)),
                         .known_points = own.points,
                         .known_energies = own.energies};
  std::string summary = "verified: every tensor comes back bit for bit";
  if (script) {
    summary = summary_of(export_torchscript(path, model), own);
  } else {
    export_safetensors(path, model);
  }
  show("{}\n{}\n", path.string(), summary);
}

}  // namespace ebm
