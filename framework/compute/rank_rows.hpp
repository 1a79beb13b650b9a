#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "dualebm/framework/compute/communicator.hpp"

namespace ebm {

/// The most shards that rows are cut into, see for_each_shard: the blocks of which ranks have whole ones.
constexpr std::int64_t most_shards = 32;

/// Rows [begin, end) of a table of `all` rows: those that one rank has, of particles for instance.
///
/// The table is cut into the same 32 blocks for any number of ranks, and each rank has whole ones. Whatever
/// is computed row by row is keyed by the number of the row in the whole table, and a sum over rows is the
/// sum of the sums over blocks, in their order, so that results are the same bits for any number of ranks. A
/// table of fewer than 32 · 512 rows is whole on every rank, each of which computes all of it: that takes
/// less time than telling others.
struct RankRows {
  std::int64_t all = 0, begin = 0, end = 0;

  std::int64_t count() const { return end - begin; }
  bool is_whole() const { return count() == all; }
  bool has(std::int64_t row) const { return row >= begin && row < end; }
  /// Those of a whole table, as a view.
  at::Tensor of(const at::Tensor& table) const { return table.narrow(0, begin, count()); }
};

/// All of them.
inline RankRows whole_table(std::int64_t all) { return {all, 0, all}; }

/// Those of this rank. @throws UserError if there are more ranks than blocks
RankRows rank_rows(std::int64_t all, const Communicator& ranks);

/// While one lives, passes over as many rows as this rank has are passes over its part of the table, on the
/// thread that made it: `for_each_shard` takes its blocks, by their numbers in the whole table. Does nothing
/// where the table is whole. Nested: the last counts, and what it completes is completed for those around it;
/// passes inside a pass are of their own rows.
class OnRankRows final {
 public:
  OnRankRows(const RankRows& rows, Communicator& ranks);
  OnRankRows();  ///< lifts the one around it
  ~OnRankRows();
  OnRankRows(const OnRankRows&) = delete;
  OnRankRows& operator=(const OnRankRows&) = delete;

  /// The one that a pass over so many rows belongs to; null: none.
  static const OnRankRows* over(std::int64_t rows);
  /// The rows of that pass in the whole table: all of them without one.
  static RankRows rows_of(std::int64_t rows);

  const RankRows& rows() const { return rows_; }
  Communicator& ranks() const { return *ranks_; }      ///< of a pass that `over` gave
  std::int64_t first_block() const { return first_; }  ///< of this rank
  std::int64_t blocks() const { return end_ - first_; }
  /// Where block i begins, counted from the first row of this rank.
  std::int64_t begin_of(std::int64_t block) const { return rows_.all * block / most_shards - rows_.begin; }

  /// Whether a sum was completed over ranks since it was made, or need not be: an energy that adds up the
  /// gradient of its parameters in a way of its own, and has not, has left out the rows of the others.
  bool is_completed() const { return rows_.is_whole() || completed_; }

 private:
  friend void complete_shards(std::int64_t rows, const std::vector<at::Tensor>& parts);

  RankRows rows_;
  Communicator* ranks_ = nullptr;
  std::int64_t first_ = 0, end_ = 0;
  mutable bool completed_ = false;
  const OnRankRows* before_;
};

/// After a pass that has left one part of a sum for each of its shards: fetches those of the other ranks, so
/// that every rank can add up all of them in their order. Nothing to do outside of OnRankRows.
/// @param rows   of the pass, as given to for_each_shard
/// @param parts  each [shards, ...], contiguous, on the CPU, of the same shapes on every rank
void complete_shards(std::int64_t rows, const std::vector<at::Tensor>& parts);

/// The whole table at rank 0 from the rows that ranks have; undefined on the others.
at::Tensor gather_rows(const at::Tensor& own, const RankRows& rows, Communicator& ranks);

/// `count` evenly spaced rows of the whole table, or all if there are fewer, on every rank.
/// @param own  the rows of this rank
at::Tensor evenly_spaced(const at::Tensor& own, const RankRows& rows, std::int64_t count,
                         Communicator& ranks);

}  // namespace ebm
