#include "dualebm/framework/export/tracing.hpp"

#include <ATen/ATen.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/frontend/error_report.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <set>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/export/advice.hpp"
#include "dualebm/framework/export/batch_size.hpp"
#include "dualebm/framework/export/dtypes.hpp"
#include "dualebm/framework/export/value_reads.hpp"

namespace ebm {
namespace {

namespace jit = torch::jit;
using Unit = std::shared_ptr<jit::CompilationUnit>;

/// `torch.set_grad_enabled`, because a caller's no_grad would otherwise leave nothing to differentiate.
constexpr const char* score_source = R"(
def score(self, x: Tensor) -> Tensor:
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    leaf = x.detach().requires_grad_(True)
    gradient = torch.autograd.grad([self.forward(leaf).sum()], [leaf])[0]
    torch.set_grad_enabled(before)
    assert gradient is not None
    return -gradient
)";

jit::Module empty_module(const Unit& unit) {
  jit::Module module(c10::QualifiedName("__torch__.dualebm.Module"), unit, /*shouldMangle=*/true);
  module.register_attribute("training", c10::BoolType::get(), false);
  return module;
}

/// A name as TorchScript can read it back: words that Python keeps for itself, such as "in", get an
/// underscore, and so does the attribute that every module has already.
std::string readable(const std::string& name) {
  static const std::set<std::string> kept = {
      "False", "None",     "True",  "and",    "as",       "assert", "async",  "await",    "break",
      "class", "continue", "def",   "del",    "elif",     "else",   "except", "finally",  "for",
      "from",  "global",   "if",    "import", "in",       "is",     "lambda", "nonlocal", "not",
      "or",    "pass",     "raise", "return", "training", "try",    "while",  "with",     "yield"};
  return kept.count(name) != 0 ? name + "_" : name;
}

/// The same tree of modules in TorchScript, holding the same tensors.
jit::Module mirror_of(const torch::nn::Module& live, const Unit& unit) {
  auto mirror = empty_module(unit);
  for (const auto& item : live.named_parameters(/*recurse=*/false)) {
    mirror.register_parameter(readable(item.key()), item.value(), /*is_buffer=*/false);
  }
  for (const auto& item : live.named_buffers(/*recurse=*/false)) {
    mirror.register_buffer(readable(item.key()), item.value());
  }
  for (const auto& item : live.named_children()) {
    mirror.register_module(readable(item.key()), mirror_of(*item.value(), unit));
  }
  return mirror;
}

/// A tensor that nobody registered is a constant now, which follows neither `.to()` nor an optimizer. Single
/// numbers without a shape are all right: they follow the tensors that they meet.
void refuse_constants(jit::Block* block) {
  for (auto* node : block->nodes()) {
    for (auto* inner : node->blocks()) refuse_constants(inner);
    if (node->kind() != jit::prim::Constant || !node->hasAttribute(jit::attr::value) ||
        node->kindOf(jit::attr::value) != jit::AttributeKind::t) {
      continue;
    }
    const auto& constant = node->t(jit::attr::value);
    require(constant.dim() == 0,
            "export: forward uses a tensor of shape [{}] that is neither parameter nor buffer of the energy; "
            "it would be a constant of the file and follow no .to(): register it with register_buffer",
            fmt::join(constant.sizes(), ", "));
  }
}

void refuse_reads(const ValueReads& reads) {
  require(reads.of_input().empty(),
          "export: forward takes a number out of a tensor that depends on x ({}: item(), a branch or a check "
          "on values), and a trace would keep the one it saw: use torch::where and tensors instead, or leave "
          "mere checks out while torch::jit::tracer::isTracing()",
          reads.of_input());
}

}  // namespace

std::string essence(const std::exception& error) {
  const auto* ours = dynamic_cast<const c10::Error*>(&error);
  const std::string text = ours ? ours->what_without_backtrace() : error.what();
  if (dynamic_cast<const jit::ErrorReport*>(&error) != nullptr) return text.substr(0, text.find('\n'));
  if (text.find("TorchScript") == std::string::npos) return text.substr(0, text.find_last_not_of('\n') + 1);
  for (const char* mark : {"RuntimeError: ", "Error: "}) {
    const auto at = text.rfind(mark);
    if (at == std::string::npos) continue;
    const auto begin = at + std::string_view(mark).size();
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  return text.substr(0, text.find('\n'));
}

namespace {

/// By which the points of the energy are found again in a graph.
constexpr const char* points_name = "points_of_the_energy";

/// A tensor whose precision is that of the energy; undefined for an energy without any.
torch::Tensor reference_of(const Energy& energy) {
  for (const auto& tensor : energy.parameters()) {
    if (tensor.is_floating_point()) return tensor;
  }
  for (const auto& tensor : energy.buffers()) {
    if (tensor.is_floating_point()) return tensor;
  }
  return {};
}

jit::Value* points_in(jit::Graph& graph) {
  for (auto* node : graph.nodes()) {
    for (auto* output : node->outputs()) {
      if (output->debugName() == points_name) return output;
    }
  }
  return graph.inputs()[graph.inputs().size() - 1];
}

/// What one run of the tracer leaves.
struct Trace {
  Unit unit;
  jit::Module module;
  std::shared_ptr<jit::Graph> graph;
  bool weights_read, differentiates;
};

Trace run_tracer(Energy& energy, TransformChain& transform, const torch::Tensor& points) {
  const auto unit = std::make_shared<jit::CompilationUnit>();
  auto module = empty_module(unit);
  module.register_module("energy", mirror_of(energy, unit));
  if (!transform.empty()) module.register_module("transform", mirror_of(transform, unit));

  const double log_determinant = transform.log_determinant();
  const auto forward = [&](jit::Stack inputs) -> jit::Stack {
    const auto y = energy_points(energy, transform, inputs[0].toTensor());
    if (!transform.empty()) jit::tracer::getValueTrace(y)->setDebugName(points_name);
    const auto value = energy.forward(y);
    return {log_determinant == 0 ? value : value - log_determinant};
  };
  const auto unnamed = [](const torch::autograd::Variable&) { return std::string(); };
  const ValueReads reads;
  std::shared_ptr<jit::Graph> graph;
  try {
    const torch::AutoGradMode enable(true);
    graph = jit::tracer::trace({points}, forward, unnamed, /*strict=*/true, /*force_outplace=*/false, &module,
                               {"x"})
                .first->graph;
  } catch (const UserError&) {
    throw;
  } catch (const std::exception& error) {
    refuse_reads(reads);
    const auto reason = essence(error);
    require(!reads.of_backward(), "export: {} ({})", advice::differentiating, reason);
    const bool nameless = reason.find("requires grad as a constant") != std::string::npos;
    require(!nameless, "export: {}", advice::nameless_weight);
    fail("export: forward cannot be traced: {}", reason);
  }
  refuse_reads(reads);
  return {unit, module, graph, !reads.of_weights().empty(), reads.of_backward()};
}

}  // namespace

torch::Tensor energy_points(Energy& energy, TransformChain& transform, const torch::Tensor& x) {
  if (transform.empty()) return x;
  const auto y = transform.forward(x.to(torch::kDouble));
  const auto reference = reference_of(energy);
  return reference.defined() ? y.type_as(reference) : y;
}

TracedEnergy trace_energy(Energy& energy, TransformChain& transform, const torch::Tensor& points) {
  const auto trace = run_tracer(energy, transform, points);
  refuse_constants(trace.graph->block());
  const auto more = torch::cat({points, points.narrow(0, 0, 3)});
  const auto larger = run_tracer(energy, transform, more);
  free_batch_size(*trace.graph, points.size(0), *larger.graph, more.size(0));
  auto* const inner = points_in(*trace.graph);
  const auto reference = reference_of(energy);
  free_dtype(*trace.graph, inner, reference.defined() ? reference.scalar_type() : points.scalar_type());
  auto module = trace.module;
  module.type()->addMethod(
      trace.unit->create_function(c10::QualifiedName(*module.type()->name(), "forward"), trace.graph));
  module.define(score_source);
  return {module, trace.weights_read, {fixed_dtype(*trace.graph, inner), trace.differentiates}};
}

}  // namespace ebm
