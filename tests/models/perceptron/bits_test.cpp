#include "dualebm/models/perceptron/passes.hpp"
#include "tests/models/perceptron/cases.hpp"

namespace ebm::testing {
namespace {

class PerceptronBits : public ::testing::TestWithParam<std::string> {};

TEST_P(PerceptronBits, AreTheSameForEveryNumberOfThreads) {
  const auto energy = perceptron_of({2, {64, 64, 64}}, {.activation = GetParam()}, torch::kFloat);
  Random random(5, "points");
  const auto x = random.normal({3001, 2}, torch::kFloat), weight = random.normal({3001}, torch::kFloat);
  std::vector<torch::Tensor> first;
  with_each_number_of_threads([&](int count) {
    auto all = gradients_taken_from(*energy);
    energy->accumulate_gradient(x, weight);
    all = gradients_taken_from(*energy);
    const auto [value, gradient] = energy->value_and_gradient(x);
    all.push_back(value);
    all.push_back(gradient);
    if (first.empty()) first = all;
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_TRUE(torch::equal(all[i], first[i])) << count;
  });
}

// A sampler takes rows in pieces, a rank takes some of them: what comes out for a row must not know of it.
TEST_P(PerceptronBits, AreTheSameForEveryBatchOfRows) {
  Random random(6, "points");
  with_each_instruction_set([&](InstructionSet set) {
    for (const auto type : {torch::kFloat, torch::kDouble}) {
      for (const auto& network : perceptron_cases()) {
        const auto energy = perceptron_of(network, {.activation = GetParam()}, type);
        const auto x = random.normal({131, network.dimension}, type);
        const auto [value, gradient] = energy->value_and_gradient(x);
        for (const std::int64_t size : {1, 5, 48, 100}) {
          for (std::int64_t begin = 0; begin < 131; begin += size) {
            const auto count = std::min<std::int64_t>(size, 131 - begin);
            const auto [e, g] = energy->value_and_gradient(x.narrow(0, begin, count));
            ASSERT_TRUE(torch::equal(e, value.narrow(0, begin, count))) << to_string(set);
            ASSERT_TRUE(torch::equal(g, gradient.narrow(0, begin, count))) << to_string(set);
          }
        }
        auto rows = torch::empty_like(x), energies = torch::empty_like(value);
        const auto gradient_at = energy->row_gradient(x);
        ASSERT_TRUE(gradient_at);
        const auto d = network.dimension;
        if (type == torch::kFloat) {
          gradient_at({x.data_ptr<float>(), 131, d}, {rows.data_ptr<float>(), 131, d},
                      {energies.data_ptr<float>(), 131, 1});
        } else {
          gradient_at({x.data_ptr<double>(), 131, d}, {rows.data_ptr<double>(), 131, d},
                      {energies.data_ptr<double>(), 131, 1});
        }
        EXPECT_TRUE(torch::equal(rows, gradient) && torch::equal(energies, value));
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Activations, PerceptronBits, ::testing::ValuesIn(smooth_activation_names()),
                         [](const auto& parameters) { return parameters.param; });

}  // namespace
}  // namespace ebm::testing
