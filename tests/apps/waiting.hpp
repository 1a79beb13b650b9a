#pragma once

#include <chrono>
#include <filesystem>
#include <sstream>
#include <thread>
#include <vector>

#include "tests/apps/program.hpp"

namespace ebm::testing {

/// Processes that a process has begun and that live.
inline std::vector<pid_t> children_of(pid_t process) {
  const auto id = std::to_string(process);
  std::istringstream text(read_file("/proc/" + id + "/task/" + id + "/children"));
  std::vector<pid_t> children;
  for (pid_t child = 0; text >> child;) children.push_back(child);
  return children;
}

/// Until there are so many; none if there never are.
inline std::vector<pid_t> wait_for_children(const Program& program, std::size_t count) {
  for (int i = 0; i < 400; ++i) {
    const auto children = children_of(program.process());
    if (children.size() >= count) return children;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  return {};
}

/// @return whether it has come
inline bool wait_for_file(const std::filesystem::path& path) {
  for (int i = 0; i < 800 && !std::filesystem::exists(path); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  return std::filesystem::exists(path);
}

}  // namespace ebm::testing
