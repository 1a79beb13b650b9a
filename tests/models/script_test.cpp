#include "dualebm/models/script.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/jit/serialization/import.h>

#include "dualebm/framework/export/torchscript.hpp"
#include "dualebm/framework/storage/checkpoint.hpp"
#include "dualebm/models/archive_checksums.hpp"
#include "dualebm/models/shallow.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

class ScriptEnergy : public ::testing::Test {
 protected:
  std::shared_ptr<Script> read(const std::string& path, torch::ScalarType type = torch::kFloat) {
    return std::make_shared<Script>(EnergyContext{sphere_, torch::TensorOptions(type), random_},
                                    Script::Options{path, /*trust=*/true});
  }
  std::string written() {
    const auto path = (folder_ / "model.pt").string();
    export_torchscript(path, {.energy = shallow_, .domain = *sphere_});
    return path;
  }

  TemporaryFolder folder_;
  Random random_ = Random(1, "script_test");
  std::shared_ptr<Sphere> sphere_ = std::make_shared<Sphere>(3);
  Shallow shallow_ = Shallow(on_sphere(3, torch::kFloat, random_), {.neurons = 6, .activation = "softplus"});
};

TEST_F(ScriptEnergy, IsTheEnergyOfTheFileWithItsGradients) {
  const auto script = read(written());
  const auto x = sphere_->sample_base(50, random_, torch::kFloat);
  EXPECT_LT(distance(script->forward(x), shallow_.forward(x)), 1e-6);
  EXPECT_LT(distance(script->gradient(x), shallow_.gradient(x)), 1e-5);
  const auto weight = random_.normal({50}, torch::kFloat);
  script->accumulate_gradient(x, weight);
  shallow_.accumulate_gradient(x, weight);
  const auto mine = script->named_parameters()["energy.neurons"].grad();
  EXPECT_LT(distance(mine, shallow_.named_parameters()["neurons"].grad()), 1e-4);
}

// Copies would train without changing the energy.
TEST_F(ScriptEnergy, ItsTensorsAreTheFilesOwn) {
  const auto script = read(written());
  ASSERT_EQ(script->named_parameters().size(), 2u);
  ASSERT_EQ(script->named_buffers().size(), 1u);
  const auto x = sphere_->sample_base(5, random_, torch::kFloat);
  const auto before = script->forward(x).detach();
  const torch::NoGradGuard no_grad;
  script->named_parameters()["energy.weights"].mul_(2);
  EXPECT_LT(distance(script->forward(x), 2 * before), 1e-6);
  save_module(folder_ / "trained.pt", *script);
  const auto other = read((folder_ / "model.pt").string());
  EXPECT_GT(distance(other->forward(x), 2 * before), 1e-2);
  load_module(folder_ / "trained.pt", *other);
  EXPECT_TRUE(other->forward(x).equal(script->forward(x)));
  script->to(torch::kDouble);
  EXPECT_EQ(script->forward(x.to(torch::kDouble)).scalar_type(), torch::kDouble);
}

TEST_F(ScriptEnergy, TakesTheDtypeOfTheRun) {
  const auto script = read(written(), torch::kDouble);
  EXPECT_EQ(script->parameters()[0].scalar_type(), torch::kDouble);
  const auto x = sphere_->sample_base(5, random_, torch::kDouble);
  shallow_.to(torch::kDouble);
  EXPECT_LT(distance(script->forward(x), shallow_.forward(x)), 1e-14);
}

TEST_F(ScriptEnergy, IsExportedAgain) {
  const auto script = read(written());
  EXPECT_TRUE(export_torchscript(folder_ / "again.pt", {.energy = *script, .domain = *sphere_}).trainable);
  const auto again = read((folder_ / "again.pt").string());
  EXPECT_EQ(again->named_parameters().size(), 2u);
  EXPECT_TRUE(again->named_parameters().contains("energy.energy.neurons"));
  const auto x = sphere_->sample_base(5, random_, torch::kFloat);
  EXPECT_LT(distance(again->forward(x), shallow_.forward(x)), 1e-6);
}

TEST_F(ScriptEnergy, IsNotRunWithoutTrust) {
  const auto path = written();
  const auto message = user_error([&] {
    Script(EnergyContext{sphere_, torch::TensorOptions(torch::kFloat), random_}, Script::Options{path});
  });
  expect_contains(message, "--trust-script");
}

/// A file whose forward does more than compute: `line` comes before the energy.
std::string script_that(const TemporaryFolder& folder, const std::string& line,
                        const std::string& more = "") {
  torch::jit::Module module("harmful");
  module.register_parameter("weight", torch::ones({3}), false);
  module.define("def forward(self, x):\n    " + line + "\n    return (x * self.weight).sum(1)\n");
  if (!more.empty()) module.define(more);
  const auto path = (folder / "harmful.pt").string();
  module.save(path);
  return path;
}

TEST_F(ScriptEnergy, CodeThatTouchesFilesIsRefusedEvenWithTrust) {
  const auto target = (folder_ / "written").string();
  expect_contains(user_error([&] { read(script_that(folder_, "torch.save(x, \"" + target + "\")")); }),
                  "refused: its code calls aten::save");
  expect_contains(user_error([&] {
                    read(script_that(folder_, "x = x + torch.from_file(\"" + target + "\", False, 3)"));
                  }),
                  "refused: its code calls aten::from_file");
  expect_contains(
      user_error([&] { read(script_that(folder_, "if 1 < 2:\n        torch.save(x, \"" + target + "\")")); }),
      "aten::save");
  EXPECT_FALSE(std::filesystem::exists(target));
  EXPECT_NO_THROW(read(script_that(folder_, "y = x + 1")));
}

// What runs while a file is read would run before anybody could look at it.
TEST_F(ScriptEnergy, CodeThatRunsOnReadingIsRefusedUnread) {
  const auto target = (folder_ / "written").string();
  const auto path =
      script_that(folder_, "y = x",
                  "def __getstate__(self):\n    return (torch.ones(3), True)\n\n"
                  "def __setstate__(self, state: Tuple[Tensor, bool]):\n    self.weight = state[0]\n"
                  "    torch.save(state[0], \"" +
                      target + "\")\n");
  expect_contains(user_error([&] { read(path); }), "__setstate__");
  EXPECT_FALSE(std::filesystem::exists(target));
}

// LibTorch reads an archive without looking at its checksums: a bit of a weight would be another number.
TEST_F(ScriptEnergy, DamagedWeightsAreRefused) {
  EXPECT_EQ(zip_checksum("123456789"), 0xcbf43926U);
  const auto bytes = read_file(written());
  const auto weights = shallow_.named_parameters()["neurons"].detach().contiguous();
  const auto place = bytes.find(std::string(static_cast<const char*>(weights.data_ptr()), weights.nbytes()));
  ASSERT_NE(place, std::string::npos);
  auto damaged = bytes;
  damaged[place + 2] = static_cast<char>(damaged[place + 2] ^ 1);
  EXPECT_NO_THROW(torch::jit::load(folder_.write("damaged.pt", damaged).string()));
  expect_contains(user_error([&] { read((folder_ / "damaged.pt").string()); }),
                  "damaged: the checksum of data/");
}

TEST_F(ScriptEnergy, WhatIsNoEnergyOfThesePointsIsOneLine) {
  const auto refusal = [&](const std::string& path) {
    const auto message = user_error([&] { read(path); });
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  };
  expect_contains(refusal(""), "energy.path: missing");
  expect_contains(refusal("/absent.pt"), "/absent.pt: no such file");
  expect_contains(refusal(folder_.write("text.pt", "no model").string()), "not a TorchScript file");
  const auto bytes = read_file(written());
  expect_contains(refusal(folder_.write("short.pt", bytes.substr(0, bytes.size() / 2)).string()),
                  "not a TorchScript file");
  save_module(folder_ / "weights.pt", shallow_);
  expect_contains(refusal((folder_ / "weights.pt").string()), "not a TorchScript file");
  sphere_ = std::make_shared<Sphere>(4);
  expect_contains(refusal((folder_ / "model.pt").string()), "forward fails on points [1, 4]");
}

}  // namespace
}  // namespace ebm::testing
