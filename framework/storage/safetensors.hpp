#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ebm {

/// Named tensors with a few strings about them: the format that outlives program versions, since it holds no
/// code. Source: https://github.com/huggingface/safetensors.
struct Safetensors {
  std::vector<std::pair<std::string, torch::Tensor>> tensors;  ///< on the CPU
  std::map<std::string, std::string> metadata;                 ///< free text by name
};

/// A whole file. Tensors of wide numbers come first, so that each begins at a multiple of its number's size.
std::string to_bytes(const Safetensors& content);

/// @param where  name of the file, for messages @throws UserError in one line if the bytes are no such file
Safetensors safetensors_from(std::string_view bytes, const std::string& where);

Safetensors read_safetensors(const std::filesystem::path& path);

}  // namespace ebm
