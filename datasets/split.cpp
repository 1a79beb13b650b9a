#include "dualebm/datasets/split.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numeric>

#include "dualebm/datasets/files/split_file.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

SplitParts random_parts(std::int64_t rows, const SplitOptions& options, Random& random) {
  require(options.validation_share + options.test_share < 1,
          "dataset: validation_share + test_share must be below 1, got {:g}",
          options.validation_share + options.test_share);
  const bool whole = options.validation_share == 0 && options.test_share == 0;
  const auto order = whole ? torch::arange(rows, torch::kLong) : random.permutation(rows);
  const auto share = [&](double part) { return std::llround(part * static_cast<double>(rows)); };
  const auto validation = share(options.validation_share), test = share(options.test_share);
  SplitParts parts;
  const auto* row = order.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::size_t part = i < test ? 2 : i < test + validation ? 1 : 0;
    parts[part].push_back(row[i]);
  }
  return parts;
}

}  // namespace

void SplitOptions::describe(Fields& fields) {
  fields.path("split", split,
              "CSV file with columns row (from 0) and split (train, val, test); empty: random by seed");
  fields.number("validation_share", validation_share, {.low = 0, .high = 1, .high_included = false},
                "share of rows held out for validation in a random split");
  fields.number("test_share", test_share, {.low = 0, .high = 1, .high_included = false},
                "share of rows held out for testing in a random split");
}

FileRows FileRows::all(std::int64_t count) {
  FileRows rows{.kept = std::vector<std::int64_t>(static_cast<std::size_t>(count)), .count = count};
  std::iota(rows.kept.begin(), rows.kept.end(), 0);
  return rows;
}

Dataset split_rows(const torch::Tensor& points, const FileRows& rows, const SplitOptions& options,
                   Random& random) {
  const auto parts = options.split.empty() ? random_parts(points.size(0), options, random)
                                           : read_split_parts(read_csv(options.split), rows.kept, rows.count);
  const auto take = [&](const std::vector<std::int64_t>& part) {
    return part.empty() ? torch::Tensor() : points.index_select(0, torch::tensor(part, torch::kLong));
  };
  require(!parts[0].empty(), "dataset: no rows are left to train on");
  return {.train = take(parts[0]), .validation = take(parts[1]), .test = take(parts[2]), .teacher = nullptr};
}

Dataset split_rows(const torch::Tensor& points, const SplitOptions& options, Random& random) {
  return split_rows(points, FileRows::all(points.size(0)), options, random);
}

Dataset parts_of(const torch::Tensor& points, std::int64_t train, std::int64_t validation) {
  const auto part = [&](std::int64_t begin, std::int64_t count) {
    return count == 0 ? torch::Tensor() : points.narrow(0, begin, count);
  };
  const auto held_out = train + validation;
  return {.train = part(0, train),
          .validation = part(train, validation),
          .test = part(held_out, points.size(0) - held_out),
          .teacher = nullptr};
}

}  // namespace ebm
