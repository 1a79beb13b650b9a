#include "tests/trainers/ranks.hpp"

#include <cstring>

namespace ebm::testing {
namespace {

/// Bit for bit, name by name.
void expect_same(const State& found, const State& expected) {
  EXPECT_EQ(found.values().size(), expected.values().size());
  for (const auto& [name, value] : expected.values()) {
    ASSERT_TRUE(found.has(name)) << name;
    if (const auto* tensor = std::get_if<torch::Tensor>(&value)) {
      const auto mine = found.tensor(name).contiguous(), other = tensor->contiguous();
      ASSERT_EQ(mine.sizes(), other.sizes()) << name;
      const bool same =
          other.nbytes() == 0 || std::memcmp(mine.data_ptr(), other.data_ptr(), other.nbytes()) == 0;
      EXPECT_TRUE(same) << name;
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      EXPECT_EQ(found.integer(name), *integer) << name;
    } else if (const auto* number = std::get_if<double>(&value)) {
      EXPECT_EQ(found.number(name), *number) << name;
    } else {
      EXPECT_EQ(found.text(name), std::get<std::string>(value)) << name;
    }
  }
}

class TrainingOverRanks : public ::testing::TestWithParam<RanksCase> {};

// The whole state: parameters, average, optimizer, all particles, streams, counts, and
// the good states of before.
TEST_P(TrainingOverRanks, IsTheSameBitsForAnyNumberOfThem) {
  const auto alone = training_of(GetParam(), nullptr);
  go_on(*alone, GetParam(), 5);
  const auto expected = alone->save();
  for (const int size : {2, 3, 4, 8}) {
    as_ranks(size, [&](const auto& ranks) {
      const auto training = training_of(GetParam(), ranks);
      go_on(*training, GetParam(), 5);
      const auto state = training->save();
      if (!ranks->is_first()) return;
      SCOPED_TRACE(size);
      expect_same(state, expected);
    });
  }
}

// Three ranks begin, two go on, one more takes over.
TEST_P(TrainingOverRanks, GoesOnWithAnyOtherNumberOfThem) {
  const auto uninterrupted = training_of(GetParam(), nullptr);
  go_on(*uninterrupted, GetParam(), 6);
  const auto expected = uninterrupted->save();
  State state;
  for (const int size : {3, 2, 1}) {
    State next;
    as_ranks(size, [&](const auto& ranks) {
      const auto training = training_of(GetParam(), ranks);
      if (!state.values().empty()) training->load(state);
      go_on(*training, GetParam(), 2);
      const auto saved = training->save();
      if (ranks->is_first()) next = saved;
    });
    state = next;
  }
  expect_same(state, expected);
}

INSTANTIATE_TEST_SUITE_P(Cases, TrainingOverRanks, ::testing::ValuesIn(ranks_cases()),
                         [](const auto& named) { return named.param.label; });

}  // namespace
}  // namespace ebm::testing
