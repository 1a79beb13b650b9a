#include "dualebm/apps/density.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dualebm/datasets/files/bytes.hpp"
#include "dualebm/framework/evaluation/annealing.hpp"
#include "dualebm/framework/settings/config_file.hpp"

namespace ebm {
namespace {

constexpr std::int64_t rows_for_base = 100000;
constexpr double base_width = 1.25;

std::filesystem::path density_file(const RunDirectory& directory) {
  return directory.path() / "density.json";
}

/// Tells the model from others: FNV-1a of the bytes of its file.
std::string fingerprint_of(const RunDirectory& directory) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : read_bytes(directory.model())) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return fmt::format("{:016x}", hash);
}

std::optional<KnownNormalizer> kept(const RunDirectory& directory) {
  if (!std::filesystem::exists(density_file(directory)) || !std::filesystem::exists(directory.model()))
    return std::nullopt;
  const auto content = read_json_file(density_file(directory).string());
  if (!content.is_object() || content.value("model", "") != fingerprint_of(directory)) return std::nullopt;
  const auto log_z = content.find("log_z");
  if (log_z == content.end() || !log_z->is_number()) return std::nullopt;
  KnownNormalizer known{log_z->get<double>(), {}, content.value("method", "")};
  if (const auto error = content.find("standard_error"); error != content.end() && error->is_number())
    known.standard_error = error->get<double>();
  return known;
}

}  // namespace

std::optional<KnownNormalizer> known_normalizer(const RunDirectory& directory, const LoadedEnergy& run,
                                                const Problem* problem) {
  if (const auto closed = run.energy->log_normalizer()) return KnownNormalizer{*closed, {}, "closed form"};
  if (problem != nullptr) {
    const Reference reference(*problem, run.experiment.evaluation.evaluator.quadrature);
    if (reference.fine) {
      const Evaluation evaluation(*run.energy, *problem, reference);
      if (const auto log_z = evaluation.log_z())
        return KnownNormalizer{*log_z, evaluation.quadrature_error(), "quadrature"};
    }
  }
  return kept(directory);
}

std::optional<KnownNormalizer> estimate_normalizer(const RunDirectory& directory, const LoadedEnergy& run,
                                                   const Problem& problem, const LongChains& chains,
                                                   std::uint64_t seed) {
  const auto& train = problem.data().train;
  const auto base = BaseProposal::around(
      run.domain, train.narrow(0, 0, std::min(train.size(0), rows_for_base)), base_width);
  Random random(seed, "log_z");
  const auto found = bridged_log_normalizer(*run.energy, *run.domain, base, chains.points(), {}, random);
  if (!found || !found->known) return std::nullopt;
  const KnownNormalizer known{found->value, found->standard_error, "annealing both ways"};
  write_json(density_file(directory), {{"log_z", known.log_z},
                                       {"standard_error", *known.standard_error},
                                       {"method", known.method},
                                       {"forward", *found->forward},
                                       {"reverse", *found->reverse},
                                       {"levels", found->levels},
                                       {"model", fingerprint_of(directory)}});
  return known;
}

double log_density_shift(const LoadedEnergy& run, const KnownNormalizer& normalizer) {
  return -normalizer.log_z - run.domain->log_area() + run.transform->log_determinant();
}

}  // namespace ebm
