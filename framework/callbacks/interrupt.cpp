#include "framework/callbacks/interrupt.hpp"

#include <csignal>

namespace ebm {
namespace {

volatile std::sig_atomic_t signal_seen = 0;

void remember(int number) {
  signal_seen = number;
  std::signal(number, SIG_DFL);
}

}  // namespace

Interrupt::Interrupt() {
  std::signal(SIGINT, remember);
  std::signal(SIGTERM, remember);
}

Interrupt::~Interrupt() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool Interrupt::requested() { return signal_seen != 0; }

std::string Interrupt::stop_reason() const { return requested() ? "interrupted" : ""; }

}  // namespace ebm
