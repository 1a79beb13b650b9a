#pragma once

#include <string>
#include <vector>

namespace ebm::testing {

/// The bytes of a file with such a dictionary, padded as numpy.save does.
inline std::string npy(std::string dictionary, const std::string& data, int version = 1) {
  const std::size_t start = version == 1 ? 10 : 12;
  while ((start + dictionary.size() + 1) % 64 != 0) dictionary += ' ';
  dictionary += '\n';
  std::string bytes = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  for (std::size_t i = 8; i < start; ++i) bytes += static_cast<char>(dictionary.size() >> 8 * (i - 8) & 0xff);
  return bytes + dictionary + data;
}

template <class Number>
std::string raw(const std::vector<Number>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

inline std::string dictionary(const std::string& descr, const std::string& shape,
                              const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

}  // namespace ebm::testing
