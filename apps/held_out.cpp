#include "dualebm/apps/held_out.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/evaluation/evaluation.hpp"
#include "dualebm/framework/sampling/base_proposal.hpp"
#include "dualebm/framework/sampling/kernel_density.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_kernels = 10000, most_rows = 20000;
constexpr double significant = 2;

torch::Tensor first_rows(const torch::Tensor& x, std::int64_t most) {
  return x.narrow(0, 0, std::min(most, x.size(0)));
}

/// Kernels at all training rows, of the bandwidth that is the likeliest for rows they do not stand on.
KernelDensity kernels_at(const Domain& domain, const torch::Tensor& train) {
  Random random(0, "kernel density");
  const auto centres = first_rows(train, most_kernels);
  const double bandwidth = KernelDensity::fit(domain, centres, centres.size(0), random).bandwidth();
  if (dynamic_cast<const Euclidean*>(&domain) == nullptr) return {domain, centres, bandwidth};
  return {domain, centres, bandwidth, centres.to(torch::kDouble).std(0, /*unbiased=*/false)};
}

HeldOutLine line_of(const std::string& name, const torch::Tensor& log_density,
                    const torch::Tensor& of_model) {
  const double root = std::sqrt(static_cast<double>(log_density.size(0)));
  HeldOutLine line{.name = name, .nll = -log_density.mean().item<double>()};
  if (log_density.size(0) > 1) line.standard_error = log_density.std().item<double>() / root;
  if (of_model.defined()) {
    const auto difference = of_model - log_density;
    line.behind = difference.mean().item<double>();
    if (difference.size(0) > 1) line.behind_error = difference.std().item<double>() / root;
  }
  return line;
}

}  // namespace

std::vector<HeldOutLine> compare_held_out(const LoadedEnergy& run, const Problem& problem,
                                          const std::optional<KnownNormalizer>& normalizer) {
  const torch::NoGradGuard no_grad;
  const auto& data = problem.data();
  const auto& part = data.test.defined() ? data.test : data.validation;
  if (!part.defined() || part.size(0) == 0) return {};
  const auto rows = first_rows(part, most_rows);
  const auto x = rows.to(torch::kCPU, torch::kDouble), train = data.train.to(torch::kCPU, torch::kDouble);
  const double raw = run.transform->log_determinant() - run.domain->log_area();
  std::vector<HeldOutLine> lines;
  torch::Tensor of_model;
  if (normalizer) {
    of_model = log_density_shift(run, *normalizer) - energy_at(*run.energy, rows).cpu();
    lines.push_back(line_of("the model", of_model, of_model));
  }
  const auto base = BaseProposal::around(run.domain, train, /*widening=*/1);
  lines.push_back(line_of(run.domain->has_probability_base() ? "uniform" : "Gaussian",
                          base.log_density(x) + raw, of_model));
  try {
    lines.push_back(line_of("kernel density", kernels_at(*run.domain, train).log_density(x) + raw, of_model));
  } catch (const UserError&) {
    // There are no kernels on this domain yet.
  }
  return lines;
}

std::string to_text(const std::vector<HeldOutLine>& lines) {
  std::string text;
  bool wins = true;
  for (const auto& line : lines) {
    text += fmt::format("held-out NLL {:<16} {:>10.4f} ± {:<8.2g}", line.name, line.nll, line.standard_error);
    if (line.name != "the model" && lines.front().name == "the model") {
      text += fmt::format(" the model is {} by {:.3g} ± {:.2g} nats a row",
                          line.behind >= 0 ? "better" : "worse", std::abs(line.behind), line.behind_error);
      if (std::abs(line.behind) < significant * line.behind_error) text += ", a draw";
      if (line.behind < -significant * line.behind_error) wins = false;
    }
    text += '\n';
  }
  if (!wins)
    text +=
        "the model does not win: the rows are few for a network, repeat one another, or lie on something "
        "thinner than it\n"
        "can follow; try --minutes with more, or --set energy.hidden=[128,128,128]\n";
  return text;
}

Table table_of(const std::vector<HeldOutLine>& lines, const std::vector<MetricDescription>& metrics) {
  Table table{.title = "held-out likelihood beside what anybody would try first", .rows = {}, .metrics = {}};
  for (const auto& metric : metrics) {
    if (metric.name == "nll_test" || metric.name == "nll_test_standard_error")
      table.metrics.push_back(metric);
  }
  for (const auto& line : lines) {
    table.rows.push_back({.label = line.name,
                          .seeds = 1,
                          .planned = 1,
                          .columns = {{"nll_test", Statistic{{line.nll}}},
                                      {"nll_test_standard_error", Statistic{{line.standard_error}}}}});
  }
  return table;
}

}  // namespace ebm
