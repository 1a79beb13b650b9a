#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

#include "dualebm/framework/compute/normals.hpp"

namespace ebm {

/// A draw of normals that a kernel makes itself, see philox_device.hpp.
struct DeviceDraw {
  std::uint64_t key;     ///< names the stream
  torch::Tensor number;  ///< of the draw in it: [], int64, on the device
};

/// A stream of random numbers, handed down to whoever draws: there is no global seed in this library.
///
/// Two streams of the same seed and different purposes are independent, so that adding a draw to one part of
/// a program changes no other part. On the CPU normals come from a counter-based generator of the same bits
/// for every instruction set, compiler and number of threads (`Normals`); uniforms, integers and
/// permutations, and whatever is drawn on another device, come from LibTorch's generators.
class Random {
 public:
  /// @param purpose  names the stream, e.g. "data", "parameters", "particles".
  explicit Random(std::uint64_t seed, std::string_view purpose = "", torch::Device device = torch::kCPU);
  virtual ~Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;

  /// The next draw of this stream, of any length. Virtual so that a test can replay recorded noise.
  virtual Normals normals();

  /// Independent standard normals of the given shape: the next draw, in the order of rows, of which a smaller
  /// shape would be the beginning. The largest shapes are filled by all threads.
  torch::Tensor normal(torch::IntArrayRef sizes, const torch::TensorOptions& options);

  /// The next draw of normals on a CUDA device. Its number is counted there: a CUDA graph that was captured
  /// with one draws anew at every replay. @throws UserError on a stream of the CPU
  DeviceDraw device_draw();

  /// Independent uniforms on [0, 1).
  torch::Tensor uniform(torch::IntArrayRef sizes, const torch::TensorOptions& options);

  /// `count` independent integers, uniform on {0, ..., bound - 1}: [count], int64.
  torch::Tensor integers(std::int64_t bound, std::int64_t count);

  /// A uniformly random order of 0 ... count - 1: [count], int64.
  torch::Tensor permutation(std::int64_t count);

  /// `count` distinct integers out of {0, ..., bound - 1}, every ordered choice equally likely: [count],
  /// int64. Takes time and memory of order `count`, however large the bound. On a CUDA device all of it
  /// happens there, see `first_distinct`. @throws UserError if count > bound
  torch::Tensor subset(std::int64_t bound, std::int64_t count);

  /// Another stream, a function of this one's name and of the purpose; this one draws nothing for it.
  std::shared_ptr<Random> branch(std::string_view purpose) const;

  /// Draws so far whose numbers were made on the host: a captured CUDA graph would repeat them.
  std::int64_t host_draws() const { return host_draws_; }

  /// LibTorch's generator, for a CUDA graph that draws from it.
  const torch::Generator& generator() const { return generator_; }

  /// The whole state of the stream as bytes: LibTorch's generator, then key and number of the next draw of
  /// normals, 8 bytes each. Restores bit for bit.
  torch::Tensor state() const;
  /// @throws UserError for what is no state of a stream on this kind of device
  void set_state(const torch::Tensor& state);

 private:
  mutable torch::Generator generator_;
  torch::Device device_;
  std::uint64_t key_, draw_ = 0;
  std::int64_t host_draws_ = 0;
  torch::Tensor next_draw_;  ///< the same on a CUDA device, counted there: [], int64; undefined on the CPU
};

/// The first `count` distinct numbers in order of appearance, without a loop that the host has to end.
/// Of 2 count + 64 independent uniform draws below a bound of at least 4 count, fewer than `count` are
/// distinct with probability below 1e-40 (a union over the sets that could hold all of them); the rest would
/// be zeros.
/// @param draws [n], int64, n >= count @return [count]
torch::Tensor first_distinct(const torch::Tensor& draws, std::int64_t count);

/// While one lives, LibTorch's own layers, which draw their initial parameters from the process's default
/// generator, draw a function of `random`; afterwards the default generator is in its old state. Nested in a
/// thread; another thread that makes one waits until it is gone. The CPU's generator only.
class DefaultGenerator {
 public:
  /// @param random  one number of it is the seed
  explicit DefaultGenerator(Random& random);
  ~DefaultGenerator();
  DefaultGenerator(const DefaultGenerator&) = delete;
  DefaultGenerator& operator=(const DefaultGenerator&) = delete;

 private:
  std::unique_lock<std::recursive_mutex> alone_;
  torch::Tensor before_;
};

}  // namespace ebm
