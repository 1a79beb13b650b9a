#include <ATen/ATen.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/export/torchscript.hpp"
#include "dualebm/framework/export/weights.hpp"
#include "dualebm/framework/problem/domains.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"
#include "dualebm/framework/storage/safetensors.hpp"
#include "dualebm/models/models.hpp"

namespace ebm {
namespace {

/// y = (x - mean) / deviation, as the data sets' own, which this test must not depend on.
class Scaled final : public Transform {
 public:
  explicit Scaled(const torch::TensorOptions& options)
      : mean_(register_buffer("mean", torch::tensor({0.5, -1.0}, options))),
        deviation_(register_buffer("deviation", torch::tensor({2.0, 0.25}, options))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return (x - mean_) / deviation_; }
  torch::Tensor inverse(const torch::Tensor& y) override { return y * deviation_ + mean_; }
  double log_determinant() const override {
    return -deviation_.to(torch::kDouble).log().sum().item<double>();
  }

 private:
  torch::Tensor mean_, deviation_;
};

/// E(T(x)) - log |det| and minus its gradient, by the live model.
void add_values(Energy& energy, TransformChain& transform, const torch::Tensor& x,
                const std::string& precision, Safetensors& reference) {
  const auto value = energy.forward(transform.forward(x)).detach() - transform.log_determinant();
  const auto leaf = x.detach().requires_grad_(true);
  energy.forward(transform.forward(leaf)).sum().backward();
  reference.tensors.emplace_back(precision + ".x", x.detach());
  reference.tensors.emplace_back(precision + ".energy", value);
  reference.tensors.emplace_back(precision + ".score", -leaf.grad());
}

/// Writes NAME.pt, NAME.safetensors and NAME.reference: points with the live model's energies and scores, in
/// its own precision, and in double for a model that is converted after the export.
void write_one(const std::filesystem::path& folder, const std::string& name, const Json& configuration) {
  const auto type = configuration["dtype"] == "float64" ? torch::kDouble : torch::kFloat;
  static const auto catalogue = [] {
    Catalogue all;
    add_framework(all);
    add_energies(all);
    return all;
  }();
  const auto domain = catalogue.domains.read(configuration["domain"], "domain").make({});
  const auto choice = catalogue.energies.read(configuration["energy"], "energy");
  Random random(5, name);
  const auto energy = choice.make({domain, torch::TensorOptions(type), random});
  {
    const torch::NoGradGuard no_grad;  // a fresh energy has too many equal weights to tell mistakes apart
    for (auto& parameter : energy->parameters())
      parameter.add_(random.normal(parameter.sizes(), torch::TensorOptions(type)), 0.3);
    energy->project_parameters();
  }
  auto transform = std::make_shared<TransformChain>();
  if (configuration.value("transform", false)) {
    transform = std::make_shared<TransformChain>(
        std::vector<std::shared_ptr<Transform>>{std::make_shared<Scaled>(torch::TensorOptions(type))});
  }
  Json description = {{"log_z", -0.75}, {"log_z_error", 1e-3}, {"configuration", configuration}};
  description["configuration"]["energy"] = choice.resolved();
  const Exportable model{.energy = *energy,
                         .domain = *domain,
                         .transform = transform,
                         .description = std::make_shared<const Json>(description)};
  export_torchscript(folder / (name + ".pt"), model);
  export_safetensors(folder / (name + ".safetensors"), model);

  const auto x = transform->inverse(domain->sample_base(33, random, torch::TensorOptions(type)));
  Safetensors reference;
  add_values(*energy, *transform, x, type == torch::kDouble ? "float64" : "float32", reference);
  if (type != torch::kDouble) {
    energy->to(torch::kDouble);
    transform->to(torch::kDouble);
    add_values(*energy, *transform, x.to(torch::kDouble), "float64", reference);
  }
  write_atomically(folder / (name + ".reference"), to_bytes(reference));
}

void write_all(const std::filesystem::path& folder) {
  const Json sphere = {{"name", "sphere"}, {"dimension", 3}},
             plane = {{"name", "euclidean"}, {"dimension", 2}};
  const std::vector<std::tuple<std::string, Json, Json, bool>> models = {
      {"shallow_relu", sphere, {{"name", "shallow"}, {"neurons", 16}}, false},
      {"shallow_softplus",
       sphere,
       {{"name", "shallow"},
        {"neurons", 16},
        {"activation", "softplus"},
        {"bias", true},
        {"signs", "balanced"}},
       false},
      {"lazy_shallow",
       sphere,
       {{"name", "lazy_shallow"}, {"neurons", 16}, {"activation", "squared_relu"}},
       false},
      {"von_mises_fisher", sphere, {{"name", "von_mises_fisher"}, {"components", 3}}, false},
      {"gaussian", plane, {{"name", "gaussian"}}, true},
      {"mlp_silu", plane, {{"name", "mlp"}, {"hidden", {16, 8}}}, true},
      {"mlp_softplus",
       plane,
       {{"name", "mlp"}, {"hidden", {12}}, {"activation", "softplus"}, {"confinement", nullptr}},
       false},
      {"mlp_spectral",
       sphere,
       {{"name", "mlp"}, {"hidden", {8, 8}}, {"spectral_norm", true}, {"activation", "tanh"}},
       false},
      {"convolutional",
       {{"name", "euclidean"}, {"dimension", 36}},
       {{"name", "convolutional"}, {"image", {1, 6, 6}}, {"channels", {4, 4}}, {"activation", "gelu"}},
       false}};
  for (const auto& [name, domain, energy, transform] : models) {
    for (const char* dtype : {"float32", "float64"}) {
      write_one(folder, fmt::format("{}_{}", name, dtype),
                {{"domain", domain}, {"energy", energy}, {"dtype", dtype}, {"transform", transform}});
    }
  }
}

}  // namespace
}  // namespace ebm

/// reference FOLDER: what the tests in Python compare with.
int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    ebm::write_all(argv[1]);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
