#include "dualebm/framework/compute/rank_rows.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr std::int64_t least_rows_of_block = 512;

thread_local const OnRankRows* current = nullptr;

std::int64_t first_block_of(std::int64_t rank, const Communicator& ranks) {
  return most_shards * rank / ranks.size();
}

RankRows rows_of_rank(std::int64_t all, std::int64_t rank, const Communicator& ranks) {
  return {all, all * first_block_of(rank, ranks) / most_shards,
          all * first_block_of(rank + 1, ranks) / most_shards};
}

/// Numbers of one rank after the other: value(rank).
template <class Value>
std::vector<std::int64_t> for_each_rank(const Communicator& ranks, Value value) {
  std::vector<std::int64_t> values;
  for (std::int64_t rank = 0; rank < ranks.size(); ++rank) values.push_back(value(rank));
  return values;
}

std::int64_t bytes_of_row(const at::Tensor& table) {
  return table.numel() / std::max<std::int64_t>(1, table.size(0)) * table.element_size();
}

}  // namespace

RankRows rank_rows(std::int64_t all, const Communicator& ranks) {
  if (ranks.size() == 1) return whole_table(all);
  require(ranks.size() <= most_shards,
          "ranks: {} were started; sums are cut into {} blocks, and each rank needs one", ranks.size(),
          most_shards);
  if (all < most_shards * least_rows_of_block) return whole_table(all);
  return rows_of_rank(all, ranks.rank(), ranks);
}

OnRankRows::OnRankRows(const RankRows& rows, Communicator& ranks)
    : rows_(rows), ranks_(&ranks), before_(current) {
  if (rows.is_whole()) {
    current = nullptr;
    return;
  }
  first_ = first_block_of(ranks.rank(), ranks);
  end_ = first_block_of(ranks.rank() + 1, ranks);
  current = this;
}

OnRankRows::OnRankRows() : before_(current) { current = nullptr; }

OnRankRows::~OnRankRows() {
  if (completed_ && before_ != nullptr) before_->completed_ = true;
  current = before_;
}

const OnRankRows* OnRankRows::over(std::int64_t rows) {
  return current != nullptr && current->rows_.count() == rows ? current : nullptr;
}

RankRows OnRankRows::rows_of(std::int64_t rows) {
  const auto* pass = over(rows);
  return pass != nullptr ? pass->rows_ : whole_table(rows);
}

void complete_shards(std::int64_t rows, const std::vector<at::Tensor>& parts) {
  const auto* pass = OnRankRows::over(rows);
  if (pass == nullptr) return;
  auto& ranks = *pass->ranks_;
  const auto blocks_of = [&](std::int64_t rank) {
    return first_block_of(rank + 1, ranks) - first_block_of(rank, ranks);
  };
  std::int64_t bytes = 0;  // of one block
  for (const auto& part : parts) bytes += bytes_of_row(part);
  // All of one rank together: its blocks of the first part, then of the second.
  std::vector<char> own(static_cast<std::size_t>(pass->blocks() * bytes)),
      all(static_cast<std::size_t>(most_shards * bytes));
  const auto copy = [&](std::int64_t rank, char* message, bool from_parts) {
    for (const auto& part : parts) {
      const auto size = static_cast<std::size_t>(blocks_of(rank) * bytes_of_row(part));
      auto* const place =
          static_cast<char*>(part.data_ptr()) + first_block_of(rank, ranks) * bytes_of_row(part);
      if (from_parts) {
        std::memcpy(message, place, size);
      } else {
        std::memcpy(place, message, size);
      }
      message += size;
    }
  };
  copy(ranks.rank(), own.data(), true);
  ranks.gather(own.data(), all.data(),
               for_each_rank(ranks, [&](std::int64_t rank) { return blocks_of(rank) * bytes; }));
  for (std::int64_t rank = 0; rank < ranks.size(); ++rank) {
    if (rank != ranks.rank()) copy(rank, all.data() + first_block_of(rank, ranks) * bytes, false);
  }
  pass->completed_ = true;
}

at::Tensor gather_rows(const at::Tensor& own, const RankRows& rows, Communicator& ranks) {
  if (rows.is_whole()) return own;
  const auto mine = own.contiguous();
  at::Tensor table;
  if (ranks.is_first()) {
    auto sizes = own.sizes().vec();
    sizes[0] = rows.all;
    table = at::empty(sizes, own.options());
  }
  ranks.gather_at_first(mine.data_ptr(), table.defined() ? table.data_ptr() : nullptr,
                        for_each_rank(ranks, [&](std::int64_t rank) {
                          return rows_of_rank(rows.all, rank, ranks).count() * bytes_of_row(mine);
                        }));
  return table;
}

at::Tensor evenly_spaced(const at::Tensor& own, const RankRows& rows, std::int64_t count,
                         Communicator& ranks) {
  const auto some = std::min(rows.all, count);
  // How many of the rows ⌊k all / some⌋ lie before this one.
  const auto before = [&](std::int64_t row) { return (row * some + rows.all - 1) / rows.all; };
  const auto k = at::arange(before(rows.begin), before(rows.end), own.options().dtype(at::kLong));
  const auto numbers = (k * rows.all).div(some, "floor") - rows.begin;
  const auto mine = own.index_select(0, numbers).contiguous();
  if (rows.is_whole()) return mine;
  auto sizes = own.sizes().vec();
  sizes[0] = some;
  const auto chosen = at::empty(sizes, own.options());
  ranks.gather(mine.data_ptr(), chosen.data_ptr(), for_each_rank(ranks, [&](std::int64_t rank) {
                 const auto theirs = rows_of_rank(rows.all, rank, ranks);
                 return (before(theirs.end) - before(theirs.begin)) * bytes_of_row(own);
               }));
  return chosen;
}

}  // namespace ebm
