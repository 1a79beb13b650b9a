#include "dualebm/framework/export/value_reads.hpp"

#include <ATen/record_function.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace ebm {
namespace {

thread_local ValueReads* active = nullptr;

/// The operators below every way to take a number out of a tensor.
bool reads_a_value(std::string_view name) {
  return name == "aten::_local_scalar_dense" || name == "aten::equal" || name == "aten::is_nonzero";
}

std::unique_ptr<at::ObserverContext> on_operator(const at::RecordFunction& call) {
  if (active == nullptr) return nullptr;
  if (call.scope() == at::RecordScope::BACKWARD_FUNCTION) active->note_backward();
  if (!torch::jit::tracer::isTracing() || !reads_a_value(call.name())) return nullptr;
  const auto inputs = call.inputs();
  if (inputs.size() == 2 && inputs[0].isTensor() && inputs[1].isTensor() &&
      inputs[0].toTensor().is_same(inputs[1].toTensor())) {
    return nullptr;
  }
  for (const auto& input : inputs) {
    if (input.isTensor()) active->note(call.name(), input.toTensor());
  }
  return nullptr;
}

/// Whether a tensor among the inputs of the graph is upstream of a value; the module itself, from which the
/// weights come, is no tensor.
bool depends_on_input(torch::jit::Value* value, std::set<torch::jit::Value*>& visited) {
  if (!visited.insert(value).second) return false;
  auto* node = value->node();
  if (node->kind() == torch::jit::prim::Param) return value->type()->kind() == c10::TypeKind::TensorType;
  const auto inputs = node->inputs();
  return std::any_of(inputs.begin(), inputs.end(),
                     [&](torch::jit::Value* input) { return depends_on_input(input, visited); });
}

}  // namespace

ValueReads::ValueReads()
    : handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(on_operator).needsInputs(true))) {
  active = this;
}

ValueReads::~ValueReads() {
  active = nullptr;
  at::removeCallback(handle_);
}

void ValueReads::note(const std::string& name, const torch::Tensor& tensor) {
  const auto& state = torch::jit::tracer::getTracingState();
  std::set<torch::jit::Value*> visited;
  const bool of_input = state->hasValue(tensor) && depends_on_input(state->getValue(tensor), visited);
  auto& first = of_input ? of_input_ : of_weights_;
  if (first.empty()) first = name;
}

}  // namespace ebm
