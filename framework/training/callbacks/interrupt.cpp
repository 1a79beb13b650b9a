#include "dualebm/framework/training/callbacks/interrupt.hpp"

#include <csignal>
#include <iterator>

namespace ebm {
namespace {

constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP};
constexpr const char* names[] = {"SIGINT", "SIGTERM", "SIGHUP"};

volatile std::sig_atomic_t signal_seen = 0;

void remember(int number) {
  signal_seen = number;
  std::signal(number, SIG_DFL);
}

}  // namespace

Interrupt::Interrupt() {
  for (std::size_t i = 0; i < std::size(signals); ++i) {
    previous_[i] = std::signal(signals[i], remember);
    // What was ignored, as nohup does it with SIGHUP, stays so.
    if (previous_[i] == SIG_IGN) std::signal(signals[i], SIG_IGN);
  }
}

Interrupt::~Interrupt() {
  for (std::size_t i = 0; i < std::size(signals); ++i) std::signal(signals[i], previous_[i]);
}

int Interrupt::signal() { return signal_seen; }

std::optional<StopReason> Interrupt::stop_reason() const {
  for (std::size_t i = 0; i < std::size(signals); ++i) {
    if (signal() == signals[i]) return StopReason{RunEnd::interrupted, std::string("by ") + names[i]};
  }
  return std::nullopt;
}

}  // namespace ebm
