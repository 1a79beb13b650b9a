#include "dualebm/framework/export/weights.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/storage/safetensors.hpp"

namespace ebm {
namespace {

bool same_bits(const torch::Tensor& a, const torch::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() &&
         std::memcmp(a.data_ptr(), b.data_ptr(), a.nbytes()) == 0;
}

void add_all(Safetensors& content, const std::string& prefix, const torch::nn::Module& module) {
  const auto add = [&](const auto& items) {
    for (const auto& item : items) content.tensors.emplace_back(prefix + item.key(), item.value());
  };
  add(module.named_parameters());
  add(module.named_buffers());
}

}  // namespace

void export_safetensors(const std::filesystem::path& path, const Exportable& model) {
  Safetensors content;
  content.metadata[description_name] = completed_description(model).dump();
  add_all(content, "energy.", model.energy);
  if (model.transform) add_all(content, "transform.", *model.transform);
  const auto bytes = to_bytes(content);
  const auto copy = safetensors_from(bytes, path.string());
  for (const auto& [name, tensor] : content.tensors) {
    const auto found = std::find_if(copy.tensors.begin(), copy.tensors.end(),
                                    [&, wanted = name](const auto& item) { return item.first == wanted; });
    require(found != copy.tensors.end() && same_bits(found->second, tensor.detach().contiguous()),
            "export: \"{}\" does not come back from the file as it was", name);
  }
  require(copy.metadata == content.metadata, "export: the description does not come back as it was");
  write_atomically(path, bytes);
}

}  // namespace ebm
