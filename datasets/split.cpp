#include "datasets/split.hpp"

#include <ATen/ATen.h>

#include <array>
#include <cmath>

#include "datasets/csv.hpp"
#include "framework/error.hpp"

namespace ebm {
namespace {

using Parts = std::array<std::vector<std::int64_t>, 3>;  // train, validation, test

Parts read_parts(const std::filesystem::path& path, std::int64_t rows) {
  const auto table = read_csv(path);
  const auto row_column = table.column({"row"}), split_column = table.column({"split"});
  Parts parts;
  std::vector<bool> seen(static_cast<std::size_t>(rows), false);
  for (std::size_t line = 0; line < table.rows.size(); ++line) {
    const double row = table.number(line, row_column);
    require(row >= 0 && row < static_cast<double>(rows) && row == std::trunc(row),
            "{}: row {:g} is not one of the data's rows 0 to {}", table.place(line), row, rows - 1);
    const auto index = static_cast<std::size_t>(row);
    require(!seen[index], "{}: row {} comes twice", table.place(line), index);
    seen[index] = true;
    const auto& name = table.rows[line][split_column];
    const int part = name == "train"                         ? 0
                     : name == "val" || name == "validation" ? 1
                     : name == "test"                        ? 2
                                                             : -1;
    require(part >= 0, "{}: split is train, val or test, found \"{}\"", table.place(line), name);
    parts[static_cast<std::size_t>(part)].push_back(static_cast<std::int64_t>(index));
  }
  for (std::size_t row = 0; row < seen.size(); ++row) {
    require(seen[row], "{}: row {} of the data has no split", path.string(), row);
  }
  return parts;
}

Parts random_parts(std::int64_t rows, const SplitOptions& options, Random& random) {
  require(options.validation_share + options.test_share < 1,
          "dataset: validation_share + test_share must be below 1, got {:g}",
          options.validation_share + options.test_share);
  const auto order = random.permutation(rows);
  const auto share = [&](double part) { return std::llround(part * static_cast<double>(rows)); };
  const auto validation = share(options.validation_share), test = share(options.test_share);
  Parts parts;
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::size_t part = i < test ? 2 : i < test + validation ? 1 : 0;
    parts[part].push_back(order[i].item<std::int64_t>());
  }
  return parts;
}

}  // namespace

void SplitOptions::describe(Fields& fields) {
  fields.text("split", split,
              "CSV file with columns row (from 0) and split (train, val, test); empty: random by seed");
  fields.number("validation_share", validation_share, {.low = 0, .high = 1, .high_included = false},
                "share of rows held out for validation in a random split");
  fields.number("test_share", test_share, {.low = 0, .high = 1, .high_included = false},
                "share of rows held out for testing in a random split");
}

Dataset split_rows(const torch::Tensor& points, const SplitOptions& options, Random& random) {
  const auto parts = options.split.empty() ? random_parts(points.size(0), options, random)
                                           : read_parts(options.split, points.size(0));
  const auto take = [&](const std::vector<std::int64_t>& rows) {
    return rows.empty() ? torch::Tensor() : points.index_select(0, torch::tensor(rows, torch::kLong));
  };
  require(!parts[0].empty(), "dataset: no rows are left to train on");
  return {.train = take(parts[0]), .validation = take(parts[1]), .test = take(parts[2]), .teacher = nullptr};
}

}  // namespace ebm
