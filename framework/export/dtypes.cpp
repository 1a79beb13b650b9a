#include "dualebm/framework/export/dtypes.hpp"

#include <torch/csrc/jit/ir/constants.h>

namespace ebm {
namespace {

namespace jit = torch::jit;

/// Calls body(node, argument, dtype) for the floating-point dtypes that operators are given as constants.
template <class Body>
void for_each_dtype(jit::Node* node, const Body& body) {
  for (auto* block : node->blocks()) {
    for (auto* inner : block->nodes()) for_each_dtype(inner, body);
  }
  const auto* schema = node->maybeSchema();
  if (schema == nullptr) return;
  for (std::size_t i = 0; i < schema->arguments().size() && i < node->inputs().size(); ++i) {
    if (schema->arguments()[i].name() != "dtype") continue;
    const auto value = jit::toIValue(node->input(i));
    if (!value || !value->isInt()) continue;
    const auto type = static_cast<torch::ScalarType>(value->toInt());
    if (c10::isFloatingType(type)) body(node, i, type);
  }
}

/// The same for the operators behind the one that gives `points`; behind all inputs where it is one.
template <class Body>
void for_each_dtype_behind(jit::Graph& graph, const jit::Value* points, const Body& body) {
  bool behind = points->node()->kind() == jit::prim::Param;
  for (auto* node : graph.nodes()) {
    if (behind) for_each_dtype(node, body);
    behind = behind || node == points->node();
  }
}

}  // namespace

void free_dtype(jit::Graph& graph, jit::Value* points, torch::ScalarType traced) {
  jit::Value* dtype = nullptr;
  const bool given = points->node()->kind() == jit::prim::Param;
  for_each_dtype_behind(graph, points, [&](jit::Node* node, std::size_t argument, torch::ScalarType type) {
    if (type != traced) return;
    if (dtype == nullptr) {
      const jit::WithInsertPoint there(given ? *graph.nodes().begin() : points->node()->next());
      dtype = graph.insert(jit::prim::dtype, {points});
    }
    node->replaceInput(argument, dtype);
  });
}

std::string fixed_dtype(jit::Graph& graph, jit::Value* points) {
  std::string found;
  for_each_dtype_behind(graph, points, [&](jit::Node* node, std::size_t, torch::ScalarType) {
    if (found.empty()) found = node->kind().toUnqualString();
  });
  return found;
}

}  // namespace ebm
