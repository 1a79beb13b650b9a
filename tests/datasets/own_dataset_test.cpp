#include <nlohmann/json.hpp>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/datasets/split.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// What a user writes to bring data of his own.
struct LineOptions : SplitOptions {
  std::int64_t count = 100;
  void describe(Fields& fields) {
    fields.integer("count", count, Range::at_least(2), "number of points");
    SplitOptions::describe(fields);
  }
};

Dataset draw_line(const DatasetContext& context, const LineOptions& options) {
  return split_rows(torch::linspace(-1, 1, options.count, torch::kDouble).unsqueeze(1), options,
                    context.random);
}

TEST(OwnDataset, TakesPartInTheConfigurationLikeTheBuiltInOnes) {
  auto catalogue = standard_catalogue();
  catalogue.datasets.add<LineOptions>("line", "equally spaced points of [-1, 1]", draw_line);
  Random random(1, "own_dataset_test");
  const DatasetContext context{
      .domain = std::make_shared<Euclidean>(1), .teacher = nullptr, .random = random};
  const auto choice =
      catalogue.datasets.read({{"name", "line"}, {"count", 50}, {"test_share", 0.2}}, "dataset");
  EXPECT_EQ(choice.resolved()["validation_share"], 0.1);
  const auto made = choice.make(context);
  EXPECT_EQ(made->train.size(0), 35);
  EXPECT_EQ(made->validation.size(0), 5);
  EXPECT_EQ(made->test.size(0), 10);
  expect_contains(user_error([&] {
                    catalogue.datasets.read({{"name", "line"}, {"cuont", 5}}, "dataset");
                  }),
                  "dataset.cuont");
  expect_contains(user_error([&] { catalogue.datasets.add<LineOptions>("line", "again", draw_line); }),
                  "the name is taken");
}

}  // namespace
}  // namespace ebm::testing
