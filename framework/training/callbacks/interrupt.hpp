#pragma once

#include "dualebm/framework/training/callback.hpp"

namespace ebm {

/// Ends a run after the current iteration once SIGINT, SIGTERM or SIGHUP has come; a second signal kills at
/// once. While one lives it owns the handlers of these signals, and gives them back to whom they belonged.
class Interrupt final : public Callback {
 public:
  Interrupt();
  ~Interrupt() override;
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  std::optional<StopReason> stop_reason() const override;

  /// The signal that has come, for the rest of the process; 0 if none has.
  static int signal();

 private:
  using Handler = void (*)(int);
  Handler previous_[3];
};

}  // namespace ebm
