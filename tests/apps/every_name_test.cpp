#include <nlohmann/json.hpp>
#include <set>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/framework/experiment/making.hpp"
#include "dualebm/framework/export/torchscript.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {
namespace {

const Catalogue& catalogue() {
  static const auto all = standard_catalogue();
  return all;
}

const Json sphere = {{"name", "sphere"}, {"dimension", 3}};
const Json plane = {{"name", "euclidean"}, {"dimension", 2}};
const Json torus = {{"name", "torus"}, {"dimension", 2}};
const Json box = {{"name", "box"}, {"dimension", 2}, {"low", {-1}}, {"high", {1, 3}}};
const Json cylinder = {
    {"name", "product"},
    {"factors", {{{"name", "torus"}, {"dimension", 1}}, {{"name", "euclidean"}, {"dimension", 1}}}}};
const Json row = {{"name", "euclidean"}, {"dimension", 4}};

/// An energy where it lives, with an optimizer that moves it.
struct EnergyCase {
  Json energy, domain, optimizer;
};

std::vector<EnergyCase> energy_cases(const std::string& script) {
  const Json flow = {{"name", "wasserstein_fisher_rao"}}, adam = {{"name", "adam"}};
  return {
      {{{"name", "shallow"}, {"neurons", 8}, {"activation", "softplus"}}, sphere, flow},
      {{{"name", "shallow"}, {"neurons", 8}}, sphere, flow},
      {{{"name", "lazy_shallow"}, {"neurons", 8}, {"activation", "softplus"}}, sphere, flow},
      {{{"name", "von_mises_fisher"}, {"components", 2}}, sphere, {{"name", "sgd"}}},
      {{{"name", "gaussian"}}, plane, {{"name", "adamw"}}},
      {{{"name", "gaussian_bumps"}, {"concentrations", {2, 200}}}, sphere, {{"name", "limited_memory_bfgs"}}},
      {{{"name", "gaussian_bumps"}, {"concentrations", {1, 30}}, {"most_centres", 20}}, box, adam},
      {{{"name", "elliptic_bumps"}, {"concentrations", {2, 200}}}, sphere, {{"name", "limited_memory_bfgs"}}},
      {{{"name", "elliptic_bumps"}, {"concentrations", {1, 30}}, {"most_centres", 20}}, torus, adam},
      {{{"name", "spherical_harmonics"}, {"degree", 4}}, sphere, {{"name", "limited_memory_bfgs"}}},
      {{{"name", "spherical_harmonics"}, {"degree", 3}, {"norm_cap", 0.1}}, sphere, adam},
      {{{"name", "sum"},
        {"parts",
         {{"global", {{"name", "mlp"}, {"hidden", {8}}}},
          {"local", {{"name", "gaussian_bumps"}, {"concentrations", {2, 200}}}},
          {"in", {{"name", "spherical_harmonics"}, {"degree", 2}}}}}},
       sphere,
       adam},
      {{{"name", "mlp"}, {"hidden", {8}}}, plane, adam},
      {{{"name", "mlp"}, {"hidden", {8, 8}}, {"fourier_features", 6}, {"learn_frequencies", true}},
       plane,
       adam},
      {{{"name", "mlp"}, {"hidden", {8}}, {"fourier_features", 6}, {"fourier_scales", {1, 4}}}, torus, adam},
      {{{"name", "mlp"}, {"hidden", {8, 8}}, {"spectral_norm", true}}, sphere, adam},
      {{{"name", "shallow"}, {"neurons", 8}, {"activation", "softplus"}, {"bias", true}}, torus, flow},
      {{{"name", "lazy_shallow"}, {"neurons", 8}, {"activation", "softplus"}}, box, flow},
      {{{"name", "mlp"}, {"hidden", {8}}}, torus, adam},
      {{{"name", "mlp"}, {"hidden", {8}}}, box, adam},
      {{{"name", "mlp"}, {"hidden", {8}}}, cylinder, adam},
      {{{"name", "convolutional"}, {"image", {1, 2, 2}}, {"channels", {2, 2}}}, row, adam},
      {{{"name", "script"}, {"path", script}, {"trust", true}}, plane, adam}};
}

std::vector<Json> trainer_cases() {
  return {{{"name", "maximum_likelihood"}, {"langevin_steps", 2}},
          {{"name", "dual_gda"}, {"particle_step", 0.02}},
          {{"name", "dual_gda"}, {"particles", 60}, {"held_out", 20}},
          {{"name", "restart_gda"}, {"restart_every", 2}},
          {{"name", "score_matching"}},
          {{"name", "exact_score_matching"}},
          {{"name", "sliced_score_matching"}},
          {{"name", "denoising_score_matching"}, {"noise", 0.3}},
          {{"name", "persistent_contrastive_divergence"}, {"buffer_size", 50}, {"langevin_steps", 2}},
          {{"name", "exact_likelihood"}, {"resolution", 8}},
          {{"name", "boosted_likelihood"}, {"resolution", 8}, {"slides", 3}}};
}

/// Why a trainer cannot take an energy, by what the trainers themselves must say; empty if it can.
std::string refusal(const Json& trainer, const EnergyCase& item) {
  const auto name = trainer["name"].get<std::string>();
  const bool differentiates = name.ends_with("_score_matching");
  const bool walls = item.domain == box, flat = item.domain["name"] == "euclidean";
  if (name == "denoising_score_matching" && !flat) return "needs a flat one, such as euclidean";
  const bool kinks = item.energy["name"] == "shallow" && !item.energy.contains("activation");
  if (differentiates && kinks) return "kinks";
  if (walls && (name == "exact_score_matching" || name == "sliced_score_matching")) return "has walls";
  if ((name == "exact_likelihood" || name == "boosted_likelihood") && item.domain == row)
    return "quadrature rule";
  if (name == "boosted_likelihood" && item.energy["name"] != "shallow") return "none that move in a ball";
  return {};
}

Json configuration_of(const EnergyCase& item, const Json& trainer, const std::string& data) {
  return {{"domain", item.domain},
          {"dataset", {{"name", "points_csv"}, {"path", data}}},
          {"energy", item.energy},
          {"trainer", trainer},
          {"optimizer", item.optimizer},
          {"loop", {{"iterations", 8}, {"gradient_clip", 10}, {"average_decay", 0.9}}},
          {"metrics", {{"resolution", 8}}}};
}

/// Points on the domain, as a file.
std::string write_points(const TemporaryFolder& folder, const Json& section) {
  const auto domain = catalogue().domains.read(section, "domain").make({});
  Random random(5, "points");
  const auto points = domain->coordinates_of(domain->sample_base(60, random, torch::kDouble));
  std::string text;
  for (std::int64_t k = 0; k < points.size(1); ++k) text += fmt::format("{}x{}", k ? "," : "", k);
  for (std::int64_t i = 0; i < points.size(0); ++i) {
    for (std::int64_t k = 0; k < points.size(1); ++k) {
      text += fmt::format("{}{:.17g}", k ? "," : "\n", points[i][k].item<double>());
    }
  }
  return folder.write(fmt::format("{}{}.csv", domain->name(), domain->dimension()), text + "\n").string();
}

/// A TorchScript energy that keeps its two parameters apart from this program's own modules.
std::string write_script(const TemporaryFolder& folder) {
  Json gaussian = {{"name", "gaussian"}};
  Random random(0, "script");
  const auto domain = catalogue().domains.read(plane, "domain").make({});
  const auto energy = catalogue().energies.read(gaussian, "energy").make({domain, torch::kFloat, random});
  export_torchscript(folder / "script.pt", {.energy = *energy, .domain = *domain});
  return (folder / "script.pt").string();
}

void take_steps(Training& training, int count) {
  for (int i = 0; i < count; ++i) training.step(training.problem().data().train);
}

// Every energy with every trainer: it trains (its parameters move and stay finite), goes on from a checkpoint
// to the same bits, and leaves as a file that is verified against it; or it is refused with the reason.
TEST(EveryName, EnergiesAndTrainersWorkTogether) {
  const TemporaryFolder folder;
  const auto script = write_script(folder);
  std::map<std::string, std::string> data;
  for (const auto& domain : {sphere, plane, row, torus, box, cylinder})
    data[domain.dump()] = write_points(folder, domain);
  for (const auto& item : energy_cases(script)) {
    for (const auto& trainer : trainer_cases()) {
      SCOPED_TRACE(item.energy.dump() + " " + trainer.dump());
      const auto experiment =
          read_experiment(configuration_of(item, trainer, data[item.domain.dump()]), catalogue());
      const auto problem = make_problem(experiment, torch::kCPU);
      if (const auto reason = refusal(trainer, item); !reason.empty()) {
        expect_contains(user_error([&] { make_training(experiment, problem, torch::kCPU); }), reason);
        continue;
      }
      const auto training = make_training(experiment, problem, torch::kCPU);
      const auto resumed = make_training(experiment, problem, torch::kCPU);
      std::vector<torch::Tensor> before;
      for (const auto& parameter : training->energy().parameters())
        before.push_back(parameter.detach().clone());
      take_steps(*training, 3);
      double change = 0;
      for (std::size_t i = 0; i < before.size(); ++i)
        change += distance(before[i], training->energy().parameters()[i].detach());
      EXPECT_GT(change, 0) << "nothing was trained";

      const auto path = folder / "checkpoint.ebm";
      save_checkpoint(path, *training);
      load_checkpoint(path, *resumed);
      take_steps(*training, 2);
      take_steps(*resumed, 2);
      for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_TRUE(torch::equal(training->energy().parameters()[i], resumed->energy().parameters()[i]));
      }
      if (trainer["name"] != "dual_gda") continue;  // what is exported does not depend on the trainer
      EXPECT_NO_THROW(export_torchscript(
          folder / "export.pt", {.energy = training->energy(), .domain = training->problem().domain()}));
    }
  }
}

template <class Product, class Context>
void expect_all(const Registry<Product, Context>& registry, const std::set<std::string>& used) {
  const auto names = registry.names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()), used) << "kind " << registry.kind();
}

std::set<std::string> names_of(const std::vector<Json>& sections) {
  std::set<std::string> names;
  for (const auto& section : sections) names.insert(section["name"].get<std::string>());
  return names;
}

// What `dualebm list` lists is what the tests use: a name that is added without a test fails here.
TEST(EveryName, IsUsedByATest) {
  std::vector<Json> used_energies = {{{"name", "teacher"}}};  // no parameters: it makes data
  std::vector<Json> used_optimizers;
  for (const auto& item : energy_cases("")) {
    used_energies.push_back(item.energy);
    used_optimizers.push_back(item.optimizer);
  }
  expect_all(catalogue().energies, names_of(used_energies));
  expect_all(catalogue().optimizers, names_of(used_optimizers));
  expect_all(catalogue().trainers, names_of(trainer_cases()));
  expect_all(catalogue().domains, names_of({sphere, plane, torus, box, cylinder}));
  // In tests/datasets and tests/framework, by these names.
  expect_all(catalogue().datasets,
             {"teacher_student", "lat_lon_csv", "points_csv", "table_csv", "npy", "idx", "toy", "toy_torus"});
  expect_all(catalogue().transforms,
             {"standardise", "project_to_sphere", "dequantise", "to_box", "undo_rounding", "whiten"});
  expect_all(catalogue().schedules, {"constant", "inverse_sqrt", "exponential", "cosine", "step"});
  expect_all(catalogue().callbacks, {"stop_at"});
  // In tests/framework/sampling, by these names.
  expect_all(catalogue().samplers, {"mala_and_jumps", "hmc_and_jumps", "langevin", "mala", "hmc",
                                    "underdamped", "jump", "tempering", "slice"});
}

}  // namespace
}  // namespace ebm::testing
