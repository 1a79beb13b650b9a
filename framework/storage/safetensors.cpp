#include "dualebm/framework/storage/safetensors.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"
#include "dualebm/framework/storage/safetensors_header.hpp"

namespace ebm {
namespace {

static_assert(std::endian::native == std::endian::little,
              "safetensors are little-endian, and copied as they are");

constexpr std::pair<torch::ScalarType, const char*> types[] = {
    {torch::kDouble, "F64"}, {torch::kFloat, "F32"}, {torch::kHalf, "F16"},  {torch::kBFloat16, "BF16"},
    {torch::kLong, "I64"},   {torch::kInt, "I32"},   {torch::kShort, "I16"}, {torch::kChar, "I8"},
    {torch::kByte, "U8"},    {torch::kBool, "BOOL"}};

std::string name_of(torch::ScalarType type, const std::string& tensor) {
  for (const auto& [known, name] : types) {
    if (known == type) return name;
  }
  fail("safetensors: tensor \"{}\" is {}, which the format does not have", tensor, c10::toString(type));
}

torch::ScalarType type_of(const std::string& name) {
  return std::find_if(std::begin(types), std::end(types), [&](const auto& t) { return t.second == name; })
      ->first;
}

}  // namespace

std::string to_bytes(const Safetensors& content) {
  auto sorted = content.tensors;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });
  SafetensorsHeader header{.entries = {}, .metadata = content.metadata};
  for (const auto& [name, tensor] : sorted) {
    header.entries.push_back(
        {.name = name, .dtype = name_of(tensor.scalar_type(), name), .shape = tensor.sizes().vec()});
  }
  auto bytes = safetensors_header_bytes(header);
  for (const auto& [name, tensor] : sorted) {
    const auto dense = tensor.detach().cpu().contiguous();
    bytes.append(static_cast<const char*>(dense.data_ptr()), dense.nbytes());
  }
  return bytes;
}

Safetensors safetensors_from(std::string_view bytes, const std::string& where) {
  auto header = read_safetensors_header(bytes, where);
  Safetensors content{.tensors = {}, .metadata = std::move(header.metadata)};
  for (const auto& entry : header.entries) {
    auto tensor = torch::empty(entry.shape, type_of(entry.dtype));
    if (tensor.nbytes() > 0)
      std::memcpy(tensor.data_ptr(), bytes.data() + header.data + entry.begin, tensor.nbytes());
    content.tensors.emplace_back(entry.name, std::move(tensor));
  }
  return content;
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  return safetensors_from(read_whole(path, std::numeric_limits<std::size_t>::max()), path.string());
}

}  // namespace ebm
