#pragma once

#include <cstdint>

namespace ebm {

/// Standard normals in groups of 16 counters of Philox: 64 floats or 32 doubles. They are the same bits for
/// every instruction set.
///
/// The counters of a group are 16 · group + lane, lane = 0 ... 15, in the low 64 bits and `draw` in the high
/// ones. The four words of a counter make two pairs of floats, at 16 · word + lane of the group, or one pair
/// of doubles, at lane and at 16 + lane.
/// @param out  [64 · groups] floats or [32 · groups] doubles
template <class Real>
void fill_groups(std::uint64_t key, std::uint64_t draw, std::uint64_t group, std::int64_t groups, Real* out);

template <class Real>
constexpr std::int64_t group_size = sizeof(Real) == 4 ? 64 : 32;

}  // namespace ebm
