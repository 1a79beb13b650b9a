#include "dualebm/framework/export/exportable.hpp"

#include <nlohmann/json.hpp>
#include <optional>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

torch::TensorOptions options_of(const Exportable& model) {
  std::optional<torch::ScalarType> type;
  const auto visit = [&](const auto& items) {
    for (const auto& item : items) {
      const auto& tensor = item.value();
      require(tensor.device().is_cpu(), "export: \"{}\" is on {}; move the energy to the CPU first",
              item.key(), tensor.device().str());
      if (!tensor.is_floating_point()) continue;
      if (!type) type = tensor.scalar_type();
      require(tensor.scalar_type() == *type, "export: \"{}\" is {} where other tensors are {}", item.key(),
              c10::toString(tensor.scalar_type()), c10::toString(*type));
    }
  };
  visit(model.energy.named_parameters());
  visit(model.energy.named_buffers());
  if (model.transform) visit(model.transform->named_buffers());
  const auto found = type.value_or(torch::kFloat);
  require(found == torch::kFloat || found == torch::kDouble,
          "export: float32 and float64 are allowed, found {}", c10::toString(found));
  return torch::TensorOptions(found);
}

Json completed_description(const Exportable& model) {
  const auto type = c10::typeMetaToScalarType(options_of(model).dtype());
  Json description = {{"format", "dualebm-energy-1"},
                      {"domain", model.domain.name()},
                      {"dimension", model.domain.dimension()},
                      {"base_measure", model.domain.base_measure()},
                      {"dtype", type == torch::kDouble ? "float64" : "float32"},
                      {"log_determinant", model.transform ? model.transform->log_determinant() : 0.0},
                      {"units", {{"energy", "nats"}, {"score", "nats per unit of x"}, {"log_z", "nats"}}}};
  if (model.description) description.update(*model.description);
  return description;
}

}  // namespace ebm
