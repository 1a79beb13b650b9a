#include "dualebm/framework/export/dtypes.hpp"

#include <torch/csrc/jit/ir/constants.h>

namespace ebm {
namespace {

namespace jit = torch::jit;

/// Calls body(node, argument, dtype) for the floating-point dtypes that operators are given as constants.
template <class Body>
void for_each_dtype(jit::Block* block, const Body& body) {
  for (auto* node : block->nodes()) {
    for (auto* inner : node->blocks()) for_each_dtype(inner, body);
    const auto* schema = node->maybeSchema();
    if (schema == nullptr) continue;
    for (std::size_t i = 0; i < schema->arguments().size() && i < node->inputs().size(); ++i) {
      if (schema->arguments()[i].name() != "dtype") continue;
      const auto value = jit::toIValue(node->input(i));
      if (!value || !value->isInt()) continue;
      const auto type = static_cast<torch::ScalarType>(value->toInt());
      if (c10::isFloatingType(type)) body(node, i, type);
    }
  }
}

}  // namespace

void free_dtype(jit::Graph& graph, torch::ScalarType traced) {
  jit::Value* dtype = nullptr;
  for_each_dtype(graph.block(), [&](jit::Node* node, std::size_t argument, torch::ScalarType type) {
    if (type != traced) return;
    if (dtype == nullptr) {
      const jit::WithInsertPoint first(*graph.nodes().begin());
      dtype = graph.insert(jit::prim::dtype, {graph.inputs()[graph.inputs().size() - 1]});
    }
    node->replaceInput(argument, dtype);
  });
}

std::string fixed_dtype(jit::Graph& graph) {
  std::string found;
  for_each_dtype(graph.block(), [&](jit::Node* node, std::size_t, torch::ScalarType) {
    if (found.empty()) found = node->kind().toUnqualString();
  });
  return found;
}

}  // namespace ebm
