#include "dualebm/framework/compute/state.hpp"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

State every_kind() {
  State state;
  state.write("points", torch::arange(6).reshape({2, 3}));
  state.write("count", std::int64_t{-7});
  state.write("rate", 0.25);
  state.write("kind", std::string("adam"));
  return state;
}

TEST(State, GivesBackWhatWasWritten) {
  const auto state = every_kind();
  EXPECT_TRUE(torch::equal(state.tensor("points"), torch::arange(6).reshape({2, 3})));
  EXPECT_EQ(state.integer("count"), -7);
  EXPECT_EQ(state.number("rate"), 0.25);
  EXPECT_EQ(state.text("kind"), "adam");
}

TEST(State, AnotherKindIsAnErrorAndNoConversion) {
  const auto state = every_kind();
  EXPECT_EQ(user_error([&] { state.number("count"); }), "\"count\" is no number");
  EXPECT_EQ(user_error([&] { state.integer("rate"); }), "\"rate\" is no integer");
  EXPECT_EQ(user_error([&] { state.tensor("kind"); }), "\"kind\" is no tensor");
  EXPECT_EQ(user_error([&] { state.text("points"); }), "\"points\" is no text");
  EXPECT_EQ(user_error([&] { state.number("absent"); }), "it has no \"absent\"");
}

// "a" is a part, "ab" is not one of it.
TEST(State, PartsAreWhatIsBelowAName) {
  State whole, inner;
  inner.write("deep", every_kind());
  whole.write("a", inner);
  whole.write("ab", 1.0);
  EXPECT_TRUE(whole.has("a"));
  EXPECT_TRUE(whole.has("a.deep"));
  EXPECT_TRUE(whole.has("a.deep.rate"));
  EXPECT_FALSE(whole.has("a.dee"));
  EXPECT_FALSE(whole.has("b"));
  EXPECT_EQ(whole.integer("a.deep.count"), -7);
  EXPECT_EQ(whole.part("a").part("deep").text("kind"), "adam");
  EXPECT_EQ(whole.part("a").values().size(), 4U);
  EXPECT_TRUE(whole.part("absent").values().empty());
}

TEST(State, ATensorLikeAnotherHasItsShapeAndDtype) {
  const auto state = every_kind();
  EXPECT_TRUE(
      torch::equal(state.tensor_like("points", torch::zeros({2, 3}, torch::kLong)), state.tensor("points")));
  EXPECT_EQ(user_error([&] {
              state.tensor_like("points", torch::zeros({3, 2}, torch::kLong));
            }),
            "\"points\" is [2, 3] of Long instead of [3, 2] of Long");
  EXPECT_EQ(user_error([&] {
              state.tensor_like("points", torch::zeros({2, 3}, torch::kFloat));
            }),
            "\"points\" is [2, 3] of Long instead of [2, 3] of Float");
}

/// A parameter, a buffer and a part with a parameter.
class TwoFloors final : public torch::nn::Module {
 public:
  explicit TwoFloors(double value) {
    weight = register_parameter("weight", torch::full({2, 2}, value));
    register_buffer("mean", torch::full({3}, value, torch::kDouble));
    register_module("inner", std::make_shared<Inner>(value));
  }
  struct Inner : torch::nn::Module {
    explicit Inner(double value) { register_parameter("bias", torch::full({1}, value)); }
  };
  torch::Tensor weight;
};

void expect_all(const TwoFloors& module, double value) {
  const auto state = state_of(module);
  EXPECT_EQ(state.values().size(), 3U);
  for (const char* name : {"weight", "mean", "inner.bias"}) {
    EXPECT_TRUE(state.tensor(name).eq(value).all().item<bool>()) << name;
  }
}

TEST(StateOfAModule, ComesBackIntoTheTensorsThatAreThere) {
  const TwoFloors saved(1);
  TwoFloors other(2);
  const auto held = other.weight;
  restore(other, state_of(saved));
  expect_all(other, 1);
  EXPECT_TRUE(held.eq(1).all().item<bool>()) << "whoever holds a parameter sees the new numbers";
  EXPECT_TRUE(other.weight.requires_grad());
  other.weight.sum().backward();
  EXPECT_TRUE(held.grad().defined());
}

// What does not fit is in the last tensor, so that one that copies as it goes would have changed the others.
TEST(StateOfAModule, WhatDoesNotFitChangesNothing) {
  const auto saved = state_of(TwoFloors(1));
  const auto refusal_after = [&](auto edit) {
    TwoFloors live(2);
    State changed;
    for (const auto& [name, value] : saved.values()) changed.write(name, std::get<torch::Tensor>(value));
    edit(changed);
    const auto message = user_error([&] { restore(live, changed); });
    expect_all(live, 2);
    return message;
  };
  EXPECT_EQ(refusal_after([](State& state) { state.write("mean", torch::zeros({4}, torch::kDouble)); }),
            "\"mean\" is [4] of Double instead of [3] of Double");
  EXPECT_EQ(refusal_after([](State& state) { state.write("mean", torch::zeros({3})); }),
            "\"mean\" is [3] of Float instead of [3] of Double");
  expect_contains(refusal_after([](State& state) { state.write("zeal", torch::zeros({3})); }), "\"zeal\"");
  expect_contains(refusal_after([](State& state) { state.write("mean", 1.0); }), "\"mean\" is no tensor");
  TwoFloors live(2);
  State without;
  without.write("weight", saved.tensor("weight"));
  without.write("inner.bias", saved.tensor("inner.bias"));
  EXPECT_EQ(user_error([&] { restore(live, without); }), "it has no \"mean\"");
  expect_all(live, 2);
}

}  // namespace
}  // namespace ebm::testing
