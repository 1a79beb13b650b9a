#include "framework/torchscript.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/jit/serialization/import.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "framework/checkpoint.hpp"
#include "framework/error.hpp"
#include "framework/export/tracing.hpp"

namespace ebm {
namespace {

/// The one precision and place that all floating-point tensors share.
torch::TensorOptions options_of(const Energy& energy) {
  std::optional<torch::Tensor> first;
  const auto visit = [&](const auto& items) {
    for (const auto& item : items) {
      const auto& tensor = item.value();
      require(tensor.device().is_cpu(), "export: \"{}\" is on {}; move the energy to the CPU first",
              item.key(), tensor.device().str());
      if (!tensor.is_floating_point()) continue;
      if (!first) first = tensor;
      require(tensor.scalar_type() == first->scalar_type(), "export: \"{}\" is {} where other tensors are {}",
              item.key(), c10::toString(tensor.scalar_type()), c10::toString(first->scalar_type()));
    }
  };
  visit(energy.named_parameters());
  visit(energy.named_buffers());
  const auto type = first ? first->scalar_type() : torch::kFloat;
  require(type == torch::kFloat || type == torch::kDouble,
          "export: float32 and float64 are allowed, found {}", c10::toString(type));
  return torch::TensorOptions(type);
}

std::string bytes_of(const torch::jit::Module& module, const Json& description) {
  std::ostringstream stream;
  module.save(stream, {{description_name, description.dump(2)}});
  return stream.str();
}

torch::jit::Module read_back(const std::string& bytes, const Json& description) {
  std::istringstream stream(bytes);
  torch::jit::ExtraFilesMap extra = {{description_name, ""}};
  auto module = torch::jit::load(stream, torch::kCPU, extra);
  require(Json::parse(extra[description_name]) == description,
          "export: the description does not come back from the file as it was");
  return module;
}

}  // namespace

Json completed_description(const Exportable& model) {
  const auto type = options_of(model.energy).dtype().toScalarType();
  Json description = {{"format", "dualebm-energy-1"},
                      {"domain", model.domain.name()},
                      {"dimension", model.domain.dimension()},
                      {"base_measure", model.domain.base_measure()},
                      {"dtype", type == torch::kDouble ? "float64" : "float32"},
                      {"units", {{"energy", "nats"}, {"score", "nats per unit of x"}, {"log_z", "nats"}}}};
  if (model.description.is_object()) description.update(model.description);
  return description;
}

ExportResult export_torchscript(const std::filesystem::path& path, const Exportable& model) {
  auto transform = model.transform ? model.transform : std::make_shared<TransformChain>();
  const auto options = options_of(model.energy);
  const EvaluationMode energy_mode(model.energy), transform_mode(*transform);

  Random random(1, "export");
  const std::int64_t count = model.domain.dimension() == 7 ? 11 : 7;
  const auto points = [&] {
    const torch::NoGradGuard no_grad;
    return transform->inverse(model.domain.sample_base(count, random, options)).to(options);
  }();
  const auto traced = trace_energy(model.energy, *transform, points);
  ExportResult result{.fidelity = {}, .trainable = !traced.weights_read};
  auto description = completed_description(model);
  description["trainable"] = result.trainable;
  const auto bytes = bytes_of(traced.module, description);
  auto copy = read_back(bytes, description);
  result.fidelity = verify_fidelity(copy, model.energy, *transform, model.domain, points);
  write_atomically(path, bytes);
  return result;
}

}  // namespace ebm
