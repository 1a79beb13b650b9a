#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dualebm/apps/density.hpp"
#include "dualebm/apps/labelled_rows.hpp"
#include "dualebm/apps/model_chains.hpp"
#include "dualebm/apps/point_files.hpp"
#include "dualebm/apps/trust_commands.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/evaluation/ranking.hpp"

namespace ebm {
namespace {

constexpr std::int64_t least_held_out = 50;

/// Energies of rows of the run's own data, sorted, and which rows they are.
struct Standard {
  std::vector<double> energies;
  std::string part;
};

std::vector<double> numbers_of(const torch::Tensor& tensor) {
  const auto flat = tensor.to(torch::kCPU, torch::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

/// Held-out rows where there are enough, else the training ones; empty without data.
Standard standard_of(Energy& energy, const Problem* problem, const std::string& against) {
  if (problem == nullptr) return {};
  std::vector<torch::Tensor> held_out;
  for (const auto& part : {problem->data().validation, problem->data().test}) {
    if (part.defined()) held_out.push_back(part);
  }
  const auto others = held_out.empty() ? torch::Tensor() : torch::cat(held_out);
  require(against != "held-out" || others.defined(),
          "--against held-out: the run has no validation and no test part");
  const bool unseen =
      against == "held-out" || (against.empty() && others.defined() && others.size(0) >= least_held_out);
  Standard standard{numbers_of(energy_at(energy, unseen ? others : problem->data().train)),
                    unseen ? "held-out" : "training"};
  std::sort(standard.energies.begin(), standard.energies.end());
  return standard;
}

std::string csv_of(const LabelledRows& rows, const std::vector<double>& energies,
                   const std::optional<double>& shift, const Standard& standard) {
  std::string text = "row";
  if (!rows.labels.empty()) text += "," + csv_field(rows.label);
  text += shift ? ",energy,log_likelihood" : ",energy";
  text += standard.energies.empty() ? "\n" : ",percentile\n";
  for (std::size_t i = 0; i < energies.size(); ++i) {
    text += fmt::format("{}", rows.rows[i]);
    if (!rows.labels.empty()) text += "," + csv_field(rows.labels[i]);
    text += fmt::format(",{:.9g}", energies[i]);
    if (shift) text += fmt::format(",{:.9g}", *shift - energies[i]);
    if (!standard.energies.empty())
      text += fmt::format(",{:.6g}", percentile(standard.energies, energies[i]));
    text += '\n';
  }
  return text;
}

Json interval_json(const Interval& interval) {
  return {{"value", interval.value}, {"low", interval.low}, {"high", interval.high}};
}

/// Area under the curve and average precision, where there are labels of both kinds.
void rank(const ScoreOptions& options, const LabelledRows& rows, const std::vector<double>& energies,
          Json& summary) {
  if (rows.labels.empty()) return;
  std::vector<bool> positive;
  for (const auto& label : rows.labels) positive.push_back(label == options.anomaly);
  const auto count = std::count(positive.begin(), positive.end(), true);
  if (count == 0 || count == static_cast<std::ptrdiff_t>(positive.size())) {
    require(options.label.empty(),
            "--label {}: {} of {} rows are \"{}\", and both kinds are needed; see --anomaly", options.label,
            count, positive.size(), options.anomaly);
    return;
  }
  summary["anomalies"] = count;
  summary["auroc"] = interval_json(area_under_curve(energies, positive));
  summary["average_precision"] = interval_json(average_precision(energies, positive));
}

std::optional<KnownNormalizer> normalizer_of(const ScoreOptions& options, const RunDirectory& directory,
                                             const LoadedEnergy& run, const Problem* problem,
                                             const Catalogue& catalogue) {
  auto known = known_normalizer(directory, run, problem);
  if (known || !options.log_z) return known;
  require(problem != nullptr, "--log-z: needs the data that the run was trained on");
  const auto judged = chains_of(*run.energy, run.domain, problem->data().train, {}, catalogue,
                                torch::TensorOptions(run.experiment.dtype()), "chains");
  require(judged.chains.agree,
          "--log-z: chains of the model do not agree, so log Z is not known; see dualebm diagnose {}",
          options.run);
  known = estimate_normalizer(directory, run, *problem, judged.chains, 0);
  require(known.has_value(),
          "--log-z: the ways from the base to the model and back do not meet: log Z is not known");
  return known;
}

void write_summary(std::FILE* out, const Json& summary) {
  const auto& s = summary;
  const auto against = s["against"].get<std::string>();
  fmt::print(out, "{} rows of {}{}\n", s["rows"].get<std::size_t>(), s["data"].get<std::string>(),
             against.empty() ? "" : fmt::format("; percentiles against the {} part of the run", against));
  if (s.contains("log_z")) {
    fmt::print(out, "log Z {:.6g}{} by {}; mean log-likelihood {:.6g} nats a row\n", s["log_z"].get<double>(),
               s["log_z_error"].is_null() ? "" : fmt::format(" ± {:.2g}", s["log_z_error"].get<double>()),
               s["log_z_method"].get<std::string>(), s["mean_log_likelihood"].get<double>());
  } else {
    fmt::print(out, "log Z is not known, so there is no likelihood; --log-z estimates it\n");
  }
  for (const char* name : {"auroc", "average_precision"}) {
    if (s.contains(name))
      fmt::print(out, "{:<18} {:.4f}  95 % interval [{:.4f}, {:.4f}]\n", name, s[name]["value"].get<double>(),
                 s[name]["low"].get<double>(), s[name]["high"].get<double>());
  }
}

}  // namespace

void score(const ScoreOptions& options, const Catalogue& catalogue) {
  const auto directory = RunDirectory::open(options.run);
  const auto run = load_energy_of(options.run, torch::kCPU, catalogue);
  const auto rows = read_labelled_rows(run, directory, options.data, options.label);
  const auto problem = problem_of(options.run, run.experiment, torch::kCPU);
  // Beyond what the energy can be computed at is as far away as can be.
  const auto found = energy_at(*run.energy, rows.points);
  const auto energies =
      numbers_of(torch::where(torch::isnan(found), torch::full_like(found, HUGE_VAL), found));
  const auto standard = standard_of(*run.energy, problem.get(), options.against);
  const auto normalizer = normalizer_of(options, directory, run, problem.get(), catalogue);
  std::optional<double> shift;
  Json summary = {
      {"data", options.data}, {"read", rows.origin}, {"rows", energies.size()}, {"against", standard.part}};
  if (normalizer) {
    shift = log_density_shift(run, *normalizer);
    double sum = 0;
    for (const double energy : energies) sum += *shift - energy;
    summary["log_z"] = normalizer->log_z;
    summary["log_z_error"] = normalizer->standard_error ? Json(*normalizer->standard_error) : Json(nullptr);
    summary["log_z_method"] = normalizer->method;
    summary["mean_log_likelihood"] = sum / static_cast<double>(energies.size());
  }
  rank(options, rows, energies, summary);
  const auto text = csv_of(rows, energies, shift, standard);
  if (!options.out.empty()) write_atomically(options.out, text);
  if (options.json) {
    show("{}\n", summary.dump(2));
  } else if (options.out.empty()) {
    show("{}", text);
    write_summary(stderr, summary);
  } else {
    write_summary(stdout, summary);
  }
}

}  // namespace ebm
