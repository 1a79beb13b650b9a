#pragma once

#include <torch/types.h>

#include <cstdint>

namespace ebm {

/// A draw of independent standard normals as a function of their index: any part of it can be computed alone,
/// by any thread, and is the same bits, whatever the instruction set.
///
/// A counter-based generator (Philox4x32-10, see philox.hpp) and the transform of Box and Muller
/// (box_muller.hpp); normal_kernels.hpp says which counter makes which number. Floats reach to ±6.76, doubles
/// to ±9.49; a draw in float and one in double are different numbers.
class Normals {
 public:
  /// @param key   names the stream @param draw  the number of the draw in it
  Normals(std::uint64_t key, std::uint64_t draw) : key_(key), draw_(draw) {}

  /// Replays recorded numbers in the order of their index, for tests.
  /// @param recorded  contiguous, float or double, on the CPU
  explicit Normals(torch::Tensor recorded);

  /// Numbers begin ... begin + count - 1 of the draw. @throws UserError if fewer were recorded
  /// @param out  [count]
  void fill(std::int64_t begin, std::int64_t count, float* out) const;
  /// Likewise in double precision.
  void fill(std::int64_t begin, std::int64_t count, double* out) const;

 private:
  template <class Real>
  void fill_any(std::int64_t begin, std::int64_t count, Real* out) const;
  template <class Real>
  void replay(std::int64_t begin, std::int64_t count, Real* out) const;

  std::uint64_t key_ = 0, draw_ = 0;
  torch::Tensor recorded_;  // undefined unless numbers are replayed
};

}  // namespace ebm
