#pragma once

#include "dualebm/framework/training/callback.hpp"

namespace ebm {

/// Ends a run after the current iteration once SIGINT or SIGTERM has come; a second signal kills at once.
/// While one lives it owns the handlers of both signals, and gives them back to whom they belonged.
class Interrupt final : public Callback {
 public:
  Interrupt();
  ~Interrupt() override;
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  std::string stop_reason() const override;

  /// Whether a signal has come; stays true for the rest of the process.
  static bool requested();

 private:
  using Handler = void (*)(int);
  Handler previous_interrupt_, previous_terminate_;
};

}  // namespace ebm
