#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dualebm/framework/base/error.hpp"

namespace ebm::fuzz {

/// Runs a reader on what the fuzzer made up. It may refuse it with a UserError of one line; anything else
/// that it throws, and a message of several lines, is a finding.
template <class Read>
int run(const std::uint8_t* data, std::size_t size, Read read) {
  try {
    read(std::string(reinterpret_cast<const char*>(data), size));
  } catch (const UserError& error) {
    const std::string message = error.what();
    if (message.empty() || message.find('\n') != std::string::npos) std::abort();
  }
  return 0;
}

/// For what must hold whenever a reader did not refuse.
inline void check(bool condition) {
  if (!condition) std::abort();
}

}  // namespace ebm::fuzz
