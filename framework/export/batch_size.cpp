#include "dualebm/framework/export/batch_size.hpp"

#include <vector>

namespace ebm {
namespace {

namespace jit = torch::jit;

/// The nodes of a block and of those inside it, in order.
void collect(jit::Block* block, std::vector<jit::Node*>& nodes) {
  for (auto* node : block->nodes()) {
    nodes.push_back(node);
    for (auto* inner : node->blocks()) collect(inner, nodes);
  }
}

bool is_integer(const jit::Node* node) {
  return node->kind() == jit::prim::Constant && node->hasAttribute(jit::attr::value) &&
         node->kindOf(jit::attr::value) == jit::AttributeKind::i &&
         node->output()->type()->kind() == c10::TypeKind::IntType;
}

bool are_alike(const std::vector<jit::Node*>& a, const std::vector<jit::Node*>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i]->kind() != b[i]->kind() || a[i]->inputs().size() != b[i]->inputs().size()) return false;
  }
  return true;
}

}  // namespace

void free_batch_size(jit::Graph& graph, std::int64_t n, jit::Graph& larger, std::int64_t m) {
  std::vector<jit::Node*> nodes, others;
  collect(graph.block(), nodes);
  collect(larger.block(), others);
  if (!are_alike(nodes, others)) return;
  jit::Value* size = nullptr;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!is_integer(nodes[i]) || !is_integer(others[i])) continue;
    const auto here = nodes[i]->i(jit::attr::value), there = others[i]->i(jit::attr::value);
    if (here == there || (there - here) % (m - n) != 0) continue;
    const auto a = (there - here) / (m - n), b = here - a * n;
    if (size == nullptr) {
      const jit::WithInsertPoint first(*graph.nodes().begin());
      size = graph.insert(jit::aten::size, {graph.inputs()[graph.inputs().size() - 1], 0});
    }
    const jit::WithInsertPoint before(nodes[i]);
    auto* value = a == 1 ? size : graph.insert(jit::aten::mul, {size, a});
    if (b != 0) value = graph.insert(jit::aten::add, {value, b});
    nodes[i]->output()->replaceAllUsesWith(value);
  }
}

}  // namespace ebm
