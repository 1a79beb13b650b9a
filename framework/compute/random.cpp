#include "dualebm/framework/compute/random.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randperm.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/cuda/device_normals.hpp"
#include "dualebm/framework/compute/parallel.hpp"

namespace ebm {
namespace {

/// FNV-1a over the purpose, then the finaliser of SplitMix64: nearby seeds give unrelated states.
std::uint64_t mix(std::uint64_t seed, std::string_view purpose) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char character : purpose)
    hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001b3ULL;
  std::uint64_t z = hash + (seed + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

torch::Generator make_generator(std::uint64_t seed, torch::Device device) {
  if (device.is_cpu()) return at::detail::createCPUGenerator(seed);
  auto generator = at::globalContext().defaultGenerator(device).clone();
  generator.set_current_seed(seed);
  return generator;
}

/// Of the threads that make layers.
std::recursive_mutex& one_at_a_time() {
  static std::recursive_mutex mutex;
  return mutex;
}

}  // namespace

Random::Random(std::uint64_t seed, std::string_view purpose, torch::Device device)
    : generator_(make_generator(mix(seed, purpose), device)), device_(device), key_(mix(seed, purpose)) {
  if (device.is_cuda()) next_draw_ = at::zeros({}, torch::TensorOptions(torch::kLong).device(device));
}

Normals Random::normals() {
  ++host_draws_;
  return {key_, draw_++};
}

std::shared_ptr<Random> Random::branch(std::string_view purpose) const {
  return std::make_shared<Random>(key_, purpose, device_);
}

torch::Tensor Random::normal(torch::IntArrayRef sizes, const torch::TensorOptions& options) {
  if (!device_.is_cpu()) {
    const auto drawn = cuda::normals(sizes, options, *this);
    return drawn ? *drawn : at::randn(sizes, generator_, options);
  }
  require(options.device().is_cpu(), "a stream of random numbers on the cpu has no normals on {}",
          options.device().str());
  const auto type = c10::typeMetaToScalarType(options.dtype());
  require(c10::isFloatingType(type), "normals are floating-point numbers, not {}", c10::toString(type));
  // Narrower types are rounded from float, as LibTorch does it.
  if (type != torch::kFloat && type != torch::kDouble)
    return normal(sizes, options.dtype(torch::kFloat)).to(type);
  const auto result = at::empty(sizes, options);
  const auto draw = normals();
  const auto fill = [&](auto* numbers) {
    constexpr std::int64_t block = 64;  // whole groups of the generator
    for_each_shard((result.numel() + block - 1) / block,
                   [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                     draw.fill(begin * block, std::min(end * block, result.numel()) - begin * block,
                               numbers + begin * block);
                   });
  };
  if (type == torch::kFloat) {
    fill(result.data_ptr<float>());
  } else {
    fill(result.data_ptr<double>());
  }
  return result;
}

DeviceDraw Random::device_draw() {
  require(next_draw_.defined(), "a stream of the CPU has no draws on a device");
  const DeviceDraw draw{key_, next_draw_.clone()};
  next_draw_.add_(1);
  return draw;
}

torch::Tensor Random::uniform(torch::IntArrayRef sizes, const torch::TensorOptions& options) {
  if (device_.is_cpu()) ++host_draws_;
  return at::rand(sizes, generator_, options);
}

torch::Tensor Random::integers(std::int64_t bound, std::int64_t count) {
  if (device_.is_cpu()) ++host_draws_;
  return at::randint(0, bound, {count}, generator_, torch::TensorOptions(torch::kLong).device(device_));
}

torch::Tensor Random::permutation(std::int64_t count) {
  if (device_.is_cpu()) ++host_draws_;
  return at::randperm(count, generator_, torch::TensorOptions(torch::kLong).device(device_));
}

torch::Tensor Random::subset(std::int64_t bound, std::int64_t count) {
  require(count <= bound, "there are no {} distinct numbers below {}", count, bound);
  if (count > bound / 4) return permutation(bound).narrow(0, 0, count);
  if (device_.is_cuda()) return first_distinct(integers(bound, 2 * count + 64), count);
  // Drawn one after the other, and again where one has come before: fewer than 4/3 draws each.
  std::vector<std::int64_t> chosen;
  std::unordered_set<std::int64_t> seen;
  chosen.reserve(static_cast<std::size_t>(count));
  seen.reserve(static_cast<std::size_t>(count));
  while (static_cast<std::int64_t>(chosen.size()) < count) {
    const auto draws = integers(bound, count - static_cast<std::int64_t>(chosen.size())).cpu();
    const auto* values = draws.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < draws.numel(); ++i) {
      if (seen.insert(values[i]).second) chosen.push_back(values[i]);
    }
  }
  return torch::tensor(chosen, torch::kLong).to(device_);
}

torch::Tensor Random::state() const {
  const std::lock_guard<std::mutex> lock(generator_.mutex());
  const std::uint64_t draw =
      device_.is_cuda() ? static_cast<std::uint64_t>(next_draw_.item<std::int64_t>()) : draw_;
  const std::uint64_t counters[] = {key_, draw};
  auto tail = at::empty({sizeof(counters)}, torch::kByte);
  std::memcpy(tail.data_ptr(), counters, sizeof(counters));
  return at::cat({generator_.get_state(), tail});
}

void Random::set_state(const torch::Tensor& state) {
  const std::lock_guard<std::mutex> lock(generator_.mutex());
  std::uint64_t counters[2];
  constexpr std::int64_t tail = sizeof(counters);
  const auto size = generator_.get_state().numel();
  require(
      state.defined() && state.scalar_type() == torch::kByte && state.dim() == 1 &&
          state.numel() == size + tail,
      "a state of random numbers on {} is {} bytes, not {}", device_.str(), size + tail,
      state.defined() ? fmt::format("{} of {}", state.numel(), c10::toString(state.scalar_type())) : "none");
  const auto bytes = state.cpu().contiguous();
  generator_.set_state(bytes.narrow(0, 0, size).clone());
  std::memcpy(counters, bytes.data_ptr<std::uint8_t>() + size, sizeof(counters));
  key_ = counters[0];
  draw_ = counters[1];
  if (device_.is_cuda()) next_draw_.fill_(static_cast<std::int64_t>(draw_));
}

torch::Tensor first_distinct(const torch::Tensor& draws, std::int64_t count) {
  const auto [sorted, position] = draws.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false);
  auto first = at::ones_like(draws);  // 1 where a number has not come before
  first.narrow(0, 1, draws.size(0) - 1)
      .copy_(sorted.narrow(0, 1, draws.size(0) - 1) != sorted.narrow(0, 0, draws.size(0) - 1));
  const auto in_order = at::empty_like(draws).scatter_(0, position, first);
  const auto rank = in_order.cumsum(0);
  const auto taken = in_order.to(torch::kBool).logical_and(rank <= count);
  // What is not taken goes to one place more, which is cut off.
  const auto place = at::where(taken, rank - 1, at::full_like(rank, count));
  return at::zeros({count + 1}, draws.options()).scatter_(0, place, draws).narrow(0, 0, count);
}

DefaultGenerator::DefaultGenerator(Random& random) : alone_(one_at_a_time()) {
  auto generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  before_ = generator.get_state();
  generator.set_current_seed(static_cast<std::uint64_t>(random.integers(1L << 53, 1).item<std::int64_t>()));
}

DefaultGenerator::~DefaultGenerator() {
  auto generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(before_);
}

}  // namespace ebm
