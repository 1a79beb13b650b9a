#pragma once

#include <filesystem>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

/// Somebody is at work in a run directory.
class RunIsLive final : public UserError {
  using UserError::UserError;
};

/// While one lives, no other process, and nobody else in this one, writes to a run directory: a lock of the
/// kernel's on the file `run.lock` in it, which ends with the process however that ends. The file stays, and
/// says that the folder is a run's.
class RunLock final {
 public:
  /// Of the file in the folder.
  static constexpr const char* file_name = "run.lock";
  /// What the file begins with.
  static constexpr const char* mark = "dualebm run";

  /// @param folder  that is there @throws RunIsLive naming process and machine if another has it
  explicit RunLock(const std::filesystem::path& folder);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace ebm
