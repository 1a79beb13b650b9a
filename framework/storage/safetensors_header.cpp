#include "dualebm/framework/storage/safetensors_header.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {
namespace {

constexpr std::uint64_t most_header_bytes = 100'000'000;  // the format's own limit
constexpr const char* metadata_key = "__metadata__";

/// A name from the file as part of one line.
std::string shown(const std::string& name) { return '"' + printable(name) + '"'; }

std::uint64_t length_of(std::string_view file) {
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 8; ++i) length |= std::uint64_t{static_cast<unsigned char>(file[i])} << (8 * i);
  return length;
}

/// Parses strictly: a key twice in one object, or nesting beyond what a header has, is an error.
Json parsed(std::string_view text, const std::string& where) {
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    require(depth <= 3, "{}: not a safetensors file: its header is nested too deeply", where);
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto name = value.get<std::string>();
      require(keys.back().insert(name).second, "{}: its header has the key {} twice", where, shown(name));
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), check);
  } catch (const Json::exception&) {
    fail("{}: not a safetensors file: its header is no JSON", where);
  }
}

std::uint64_t count_in(const Json& value, const std::string& where, const std::string& name,
                       const char* key) {
  require(value.is_number_unsigned() &&
              value.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()},
          "{}: tensor {}: {} holds {}; non-negative integers are allowed", where, shown(name), key,
          value.dump(-1, ' ', true, Json::error_handler_t::replace));
  return value.get<std::uint64_t>();
}

SafetensorsEntry entry_of(const std::string& name, const Json& value, const std::string& where) {
  require(value.is_object() && value.contains("dtype") && value["dtype"].is_string() &&
              value.contains("shape") && value["shape"].is_array() && value.contains("data_offsets") &&
              value["data_offsets"].is_array() && value["data_offsets"].size() == 2 && value.size() == 3,
          "{}: tensor {}: expected dtype, shape and two data_offsets, and nothing else", where, shown(name));
  SafetensorsEntry entry{.name = name, .dtype = value["dtype"].get<std::string>()};
  std::uint64_t bytes = safetensors_number_size(entry.dtype);
  require(bytes > 0,
          "{}: tensor {}: dtype {} is not known; F64, F32, F16, BF16, I64, I32, I16, I8, U8 "
          "and BOOL are",
          where, shown(name), shown(entry.dtype));
  bool overflow = false;
  for (const auto& side : value["shape"]) {
    const auto count = count_in(side, where, name, "shape");
    overflow |= __builtin_mul_overflow(bytes, count, &bytes);
    entry.shape.push_back(static_cast<std::int64_t>(count));
  }
  entry.begin = count_in(value["data_offsets"][0], where, name, "data_offsets");
  entry.end = count_in(value["data_offsets"][1], where, name, "data_offsets");
  require(!overflow && entry.end >= entry.begin && entry.end - entry.begin == bytes,
          "{}: tensor {}: data_offsets {} to {} do not fit its dtype and shape", where, shown(name),
          entry.begin, entry.end);
  return entry;
}

}  // namespace

std::size_t safetensors_number_size(std::string_view dtype) {
  constexpr std::pair<std::string_view, std::size_t> sizes[] = {
      {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},
      {"I32", 4}, {"I16", 2}, {"I8", 1},  {"U8", 1},   {"BOOL", 1}};
  for (const auto& [name, size] : sizes) {
    if (name == dtype) return size;
  }
  return 0;
}

SafetensorsHeader read_safetensors_header(std::string_view file, const std::string& where) {
  require(file.size() >= 8, "{}: not a safetensors file: {} bytes, and a header takes 8 at least", where,
          file.size());
  const auto length = length_of(file);
  require(length <= most_header_bytes && length <= file.size() - 8,
          "{}: not a safetensors file, or cut short: a header of {} bytes in a file of {}", where, length,
          file.size());
  SafetensorsHeader header{.data = 8 + static_cast<std::size_t>(length)};
  const auto json = parsed(file.substr(8, static_cast<std::size_t>(length)), where);
  require(json.is_object(), "{}: not a safetensors file: its header is no JSON object", where);
  for (const auto& [name, value] : json.items()) {
    if (name != metadata_key) {
      header.entries.push_back(entry_of(name, value, where));
      continue;
    }
    require(value.is_object(), "{}: {} is no object of strings", where, metadata_key);
    for (const auto& [key, text] : value.items()) {
      require(text.is_string(), "{}: {}: {} is no string", where, metadata_key, shown(key));
      header.metadata[key] = text.get<std::string>();
    }
  }
  std::sort(header.entries.begin(), header.entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t position = 0;
  for (const auto& entry : header.entries) {
    require(entry.begin == position, "{}: tensor {} begins at byte {} of the data, expected {}", where,
            shown(entry.name), entry.begin, position);
    position = entry.end;
  }
  const auto bytes = file.size() - header.data;
  require(bytes == position, "{}: cut short or extended: {} bytes of data, its tensors have {}", where, bytes,
          position);
  return header;
}

std::string safetensors_header_bytes(SafetensorsHeader& header) {
  Json json = Json::object();
  if (!header.metadata.empty()) json[metadata_key] = header.metadata;
  std::uint64_t position = 0;
  for (auto& entry : header.entries) {
    std::uint64_t bytes = safetensors_number_size(entry.dtype);
    for (const auto side : entry.shape) bytes *= static_cast<std::uint64_t>(side);
    entry.begin = position;
    entry.end = position += bytes;
    json[entry.name] = {
        {"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text = json.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string bytes;
  for (std::size_t i = 0; i < 8; ++i)
    bytes += static_cast<char>(static_cast<std::uint64_t>(text.size()) >> (8 * i) & 0xffU);
  header.data = 8 + text.size();
  return bytes + text;
}

}  // namespace ebm
