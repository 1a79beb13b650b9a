#include "dualebm/models/script.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/export/tracing.hpp"
#include "dualebm/models/script_inspection.hpp"

namespace ebm {
namespace {

torch::jit::Module read_script(const Script::Options& options) {
  require(!options.path.empty(), "energy.path: missing; the script energy is read from a TorchScript file");
  require(options.trust,
          "energy.trust: {} is a program, and the energy script runs it; if you trust whoever made it, give "
          "--trust-script, or \"trust\": true in the section of a configuration of your own (that of a run "
          "directory does not count)",
          options.path);
  return read_inspected_script(options.path);
}

/// Gives a module the parameters and buffers of a script, child by child.
void adopt(torch::nn::Module& module, const torch::jit::Module& script) {
  for (const auto& item : script.named_parameters(/*recurse=*/false)) {
    module.register_parameter(item.name, item.value, item.value.requires_grad());
  }
  for (const auto& item : script.named_buffers(/*recurse=*/false))
    module.register_buffer(item.name, item.value);
  for (const auto& item : script.named_children()) {
    adopt(*module.register_module(item.name, std::make_shared<torch::nn::Module>("script")), item.value);
  }
}

}  // namespace

void Script::Options::describe(Fields& fields) {
  fields.path("path", path, "TorchScript file whose forward maps points [N, d] to energies [N] or [N, 1]");
  fields.boolean(
      "trust", trust,
      "whether its code may be run, as --trust-script says for all; files are neither read nor written by "
      "it in any case");
}

Script::Script(const EnergyContext& context, const Options& options)
    : path_(options.path), script_(read_script(options)) {
  require(script_.find_method("forward").has_value(), "{}: it has no forward", path_);
  script_.eval();
  script_.to(c10::typeMetaToScalarType(context.tensor_options.dtype()));
  adopt(*this, script_);
  require_energies(context);
}

void Script::require_energies(const EnergyContext& context) {
  const torch::AutoGradMode enable(true);
  Random random(0, "script");
  for (const std::int64_t count : {1, 2, 5}) {
    const auto x = context.domain->sample_base(count, random, context.tensor_options.device(torch::kCPU));
    torch::Tensor energy;
    try {
      energy = forward(x.requires_grad_(true));
    } catch (const UserError&) {
      throw;
    } catch (const std::exception& error) {
      fail("{}: forward fails on points [{}, {}] of {}: {}", path_, count, x.size(1),
           x.scalar_type() == torch::kDouble ? "float64" : "float32", essence(error));
    }
    require(energy.scalar_type() == x.scalar_type(), "{}: forward gives {} for points of {}", path_,
            c10::toString(energy.scalar_type()), c10::toString(x.scalar_type()));
    require(energy.requires_grad(), "{}: forward is not differentiable in x, so that there is no score",
            path_);
  }
}

torch::Tensor Script::forward(const torch::Tensor& x) {
  // A trace of an export sees the operators that run; once a script has been optimised, they hide in fused
  // ones.
  const torch::jit::GraphOptimizerEnabledGuard optimized(false);
  const auto value = script_.forward({x});
  require(value.isTensor(), "{}: forward gives {} instead of a tensor of energies, [N] or [N, 1]", path_,
          value.tagKind());
  const auto energy = value.toTensor();
  const bool column = energy.dim() == 2 && energy.size(1) == 1;
  require((energy.dim() == 1 || column) && energy.size(0) == x.size(0),
          "{}: forward gives a tensor of shape {} for {} points; [N] and [N, 1] are allowed", path_,
          c10::str(energy.sizes()), x.size(0));
  return column ? energy.squeeze(1) : energy;
}

}  // namespace ebm
