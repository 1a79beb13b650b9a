#include "dualebm/framework/storage/state_file.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/files.hpp"
#include "dualebm/framework/settings/fields.hpp"
#include "dualebm/framework/storage/safetensors.hpp"

namespace ebm {
namespace {

constexpr const char* magic = "dualebm-state-2";
constexpr const char* scalars_name = "dualebm.state";

/// CRC-32C (Castagnoli), reflected polynomial 0x82f63b78.
std::uint32_t checksum(const std::string& bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0x82f63b78U : 0U);
      entries[i] = value;
    }
    return entries;
  }();
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) crc = table[(crc ^ static_cast<unsigned char>(byte)) & 0xffU] ^ (crc >> 8);
  return ~crc;
}

Json json_of(const State::Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return {{"integer", *integer}};
  if (const auto* text = std::get_if<std::string>(&value)) return {{"text", *text}};
  // The bits of a double, since JSON has no infinities.
  std::uint64_t bits = 0;
  std::memcpy(&bits, &std::get<double>(value), sizeof bits);
  return {{"number", bits}};
}

void read_scalars(const std::string& text, State& state) {
  const auto scalars = Json::parse(text);
  for (const auto& [name, entry] : scalars.items()) {
    if (entry.contains("integer")) {
      state.write(name, entry["integer"].get<std::int64_t>());
    } else if (entry.contains("text")) {
      state.write(name, entry["text"].get<std::string>());
    } else {
      const auto bits = entry.at("number").get<std::uint64_t>();
      double number = 0;
      std::memcpy(&number, &bits, sizeof number);
      state.write(name, number);
    }
  }
}

}  // namespace

void write_state(const std::filesystem::path& path, const State& state) {
  Safetensors content;
  Json scalars = Json::object();
  for (const auto& [name, value] : state.values()) {
    if (const auto* tensor = std::get_if<torch::Tensor>(&value)) {
      content.tensors.emplace_back(name, *tensor);
    } else {
      scalars[name] = json_of(value);
    }
  }
  content.metadata[scalars_name] = scalars.dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto payload = to_bytes(content);
  write_atomically(path, fmt::format("{} {} {:08x}\n", magic, payload.size(), checksum(payload)) + payload);
}

State read_state(const std::filesystem::path& path) {
  require(!std::filesystem::exists(path) || std::filesystem::is_regular_file(path),
          "{}: not a state of this program: it is no file", path.string());
  const auto bytes = read_whole(path, std::numeric_limits<std::size_t>::max());
  const auto end = bytes.find('\n');
  std::istringstream words(bytes.substr(0, std::min(end, std::size_t{100})));
  std::string found_magic, found_checksum;
  std::size_t size = 0;
  words >> found_magic >> size >> found_checksum;
  require(found_magic == magic && end != std::string::npos,
          "{}: not a state of this program (it does not begin with \"{}\")", path.string(), magic);
  const auto payload = bytes.substr(end + 1);
  require(payload.size() == size, "{}: cut short or extended: {} bytes of {}", path.string(), payload.size(),
          size);
  const auto actual = fmt::format("{:08x}", checksum(payload));
  require(actual == found_checksum, "{}: damaged: checksum {} instead of {}", path.string(), actual,
          found_checksum);
  const auto content = safetensors_from(payload, path.string());
  State state;
  for (const auto& [name, tensor] : content.tensors) state.write(name, tensor);
  try {
    read_scalars(content.metadata.at(scalars_name), state);
  } catch (const std::exception& error) {
    fail("{}: not a state of this program: {}", path.string(), error.what());
  }
  return state;
}

}  // namespace ebm
