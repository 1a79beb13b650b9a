#include "dualebm/framework/training/callbacks/interrupt.hpp"

#include <csignal>

namespace ebm {
namespace {

volatile std::sig_atomic_t signal_seen = 0;

void remember(int number) {
  signal_seen = number;
  std::signal(number, SIG_DFL);
}

}  // namespace

Interrupt::Interrupt()
    : previous_interrupt_(std::signal(SIGINT, remember)),
      previous_terminate_(std::signal(SIGTERM, remember)) {}

Interrupt::~Interrupt() {
  std::signal(SIGINT, previous_interrupt_);
  std::signal(SIGTERM, previous_terminate_);
}

bool Interrupt::requested() { return signal_seen != 0; }

std::string Interrupt::stop_reason() const { return requested() ? "interrupted" : ""; }

}  // namespace ebm
