#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string_view>

#include "framework/normals.hpp"

namespace ebm {

/// A stream of random numbers, handed down to whoever draws: there is no global seed in this library.
///
/// Two streams of the same seed and different purposes are independent, so that adding a draw to one part of
/// a program changes no other part. On the CPU normals come from a counter-based generator of the same bits
/// for every instruction set, compiler and number of threads (`Normals`); uniforms, integers and
/// permutations, and whatever is drawn on another device, come from LibTorch's generators.
class Random {
 public:
  /// @param purpose  names the stream, e.g. "data", "parameters", "particles".
  Random(std::uint64_t seed, std::string_view purpose, torch::Device device = torch::kCPU);
  virtual ~Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;

  /// The next draw of this stream, of any length. Virtual so that a test can replay recorded noise.
  virtual Normals normals();

  /// Independent standard normals of the given shape: the next draw, in the order of rows, of which a smaller
  /// shape would be the beginning. The largest shapes are filled by all threads.
  torch::Tensor normal(torch::IntArrayRef sizes, const torch::TensorOptions& options);

  /// Independent uniforms on [0, 1).
  torch::Tensor uniform(torch::IntArrayRef sizes, const torch::TensorOptions& options);

  /// `count` independent integers, uniform on {0, ..., bound - 1}: [count], int64.
  torch::Tensor integers(std::int64_t bound, std::int64_t count);

  /// A uniformly random order of 0 ... count - 1: [count], int64.
  torch::Tensor permutation(std::int64_t count);

  /// `count` distinct integers out of {0, ..., bound - 1}, every ordered choice equally likely: [count],
  /// int64. Takes time and memory of order `count`, however large the bound. @throws UserError if count >
  /// bound
  torch::Tensor subset(std::int64_t bound, std::int64_t count);

  /// The whole state of the stream as bytes: LibTorch's generator, then key and number of the next draw of
  /// normals, 8 bytes each. Restores bit for bit.
  torch::Tensor state() const;
  /// @throws UserError for what is no state of a stream on this kind of device
  void set_state(const torch::Tensor& state);

 private:
  mutable torch::Generator generator_;
  torch::Device device_;
  std::uint64_t key_, draw_ = 0;
};

/// While one lives, LibTorch's own layers, which draw their initial parameters from the process's default
/// generator, draw a function of `random`; afterwards the default generator is in its old state. One at a
/// time in a thread or nested; the CPU's generator only.
class DefaultGenerator {
 public:
  explicit DefaultGenerator(Random& random);
  ~DefaultGenerator();
  DefaultGenerator(const DefaultGenerator&) = delete;
  DefaultGenerator& operator=(const DefaultGenerator&) = delete;

 private:
  torch::Tensor before_;
};

}  // namespace ebm
