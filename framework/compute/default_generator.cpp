#include "dualebm/framework/compute/default_generator.hpp"

#include <ATen/Context.h>

#include <mutex>

namespace ebm {
namespace {

/// Calls body with the generator, which no other thread may use in the meantime.
template <class Body>
auto with_generator(const at::Device& device, Body body) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  return body(generator);
}

}  // namespace

void seed_default_generator(std::uint64_t seed, const at::Device& device) {
  with_generator(device, [&](at::Generator& generator) { generator.set_current_seed(seed); });
}

at::Tensor default_generator_state(const at::Device& device) {
  return with_generator(device, [](at::Generator& generator) { return generator.get_state(); });
}

void set_default_generator_state(const at::Tensor& state, const at::Device& device) {
  with_generator(device, [&](at::Generator& generator) { generator.set_state(state); });
}

}  // namespace ebm
