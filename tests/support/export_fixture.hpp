#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/jit/serialization/import.h>

#include <functional>

#include "dualebm/framework/export/torchscript.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {

inline constexpr std::int64_t exported_dimension = 3;

/// An energy with a weight and a forward given by the test.
class Given final : public Energy {
 public:
  using Forward = std::function<torch::Tensor(const torch::Tensor& x, const torch::Tensor& weight)>;
  explicit Given(Forward forward, torch::ScalarType type = torch::kFloat)
      : forward_(std::move(forward)),
        weight_(register_parameter("weight", torch::tensor({0.5, 1.25, 2.0}, type))) {}
  torch::Tensor forward(const torch::Tensor& x) override { return forward_(x, weight_); }

 private:
  Forward forward_;
  torch::Tensor weight_;
};

inline torch::Tensor score_of(Energy& energy, const torch::Tensor& x) { return -energy.Energy::gradient(x); }

class Export : public ::testing::Test {
 protected:
  ExportResult write(Energy& energy, const Domain& domain,
                     std::shared_ptr<TransformChain> transform = nullptr) {
    return export_torchscript(file(),
                              {.energy = energy, .domain = domain, .transform = std::move(transform)});
  }
  std::filesystem::path file() const { return folder_ / "model.pt"; }
  torch::jit::Module read() const { return torch::jit::load(file().string()); }

  /// Exports, and compares with the live model on points of this test's own, in both precisions.
  void expect_faithful(Energy& energy, const Domain& domain, double tolerance) {
    EXPECT_TRUE(write(energy, domain).trainable);
    auto copy = read();
    Random random(9, "points");
    const auto type = energy.buffers().empty() ? energy.parameters().front().scalar_type()
                                               : energy.buffers().front().scalar_type();
    for (const std::int64_t count : {1, 3, 40}) {
      const auto x = domain.sample_base(count, random, type);
      const auto live = energy.forward(x).detach();
      EXPECT_LE(distance(copy.forward({x}).toTensor(), live), tolerance * live.abs().max().item<double>());
      const torch::NoGradGuard no_grad;
      const auto score = score_of(energy, x);
      EXPECT_LE(distance(copy.get_method("score")({x}).toTensor(), score),
                tolerance * score.abs().max().item<double>());
    }
    std::size_t tensors = 0;
    for (const auto& item : energy.named_parameters()) {
      EXPECT_TRUE(copy.attr("energy").toModule().hasattr(item.key().substr(0, item.key().find('.'))));
      ++tensors;
    }
    std::size_t exported = 0;
    for (const auto& item : copy.named_parameters(true)) exported += item.value.requires_grad() ? 1 : 0;
    EXPECT_EQ(exported, tensors) << "every parameter is one in the file";
  }

  std::string refusal(Given::Forward forward) {
    Given energy(std::move(forward));
    const auto message = user_error([&] { write(energy, Euclidean(exported_dimension)); });
    EXPECT_FALSE(std::filesystem::exists(file())) << "a refused export leaves no file";
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }

  TemporaryFolder folder_;
};

}  // namespace ebm::testing
