#include "dualebm/framework/export/torchscript.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/jit/frontend/error_report.h>
#include <torch/csrc/jit/serialization/import.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/export/tracing.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"

namespace ebm {
namespace {

std::string bytes_of(const torch::jit::Module& module, const Json& description) {
  std::ostringstream stream;
  module.save(stream, {{description_name, description.dump(2)}});
  return stream.str();
}

torch::jit::Module read_back(const std::string& bytes, const Json& description) {
  std::istringstream stream(bytes);
  torch::jit::ExtraFilesMap extra = {{description_name, ""}};
  try {
    auto module = torch::jit::load(stream, torch::kCPU, extra);
    require(Json::parse(extra[description_name]) == description,
            "export: the description does not come back from the file as it was");
    return module;
  } catch (const c10::Error& error) {
    fail("export: LibTorch cannot read back what it wrote: {}", essence(error));
  } catch (const torch::jit::ErrorReport& error) {
    fail("export: LibTorch cannot read back what it wrote: {}", essence(error));
  }
}

}  // namespace

ExportResult export_torchscript(const std::filesystem::path& path, const Exportable& model) {
  auto transform = model.transform ? model.transform : std::make_shared<TransformChain>();
  const auto options = torch::TensorOptions(input_type_of(model));
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
  result.fidelity = verify_fidelity(copy, model.energy, *transform, model.domain, points, traced.hints);
  if (model.known_points.defined()) {
    auto again = read_back(bytes, description);
    verify_known(again, model.known_points, model.known_energies, result.fidelity);
  }
  write_atomically(path, bytes);
  return result;
}

}  // namespace ebm
