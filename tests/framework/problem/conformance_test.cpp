#include "dualebm/framework/problem/conformance.hpp"

#include <ATen/ATen.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>

#include <mutex>

#include "tests/support/support.hpp"

namespace ebm::testing::conforming {
namespace {

constexpr std::int64_t coordinates = 3;

/// A perceptron whose forward a test spoils.
class Perceptron : public Energy {
 public:
  explicit Perceptron(torch::ScalarType type = torch::kFloat) { to(type); }
  torch::Tensor forward(const torch::Tensor& x) override { return last_(first_(x).tanh()).squeeze(1); }

 protected:
  torch::nn::Linear first_ = register_module("first", torch::nn::Linear(coordinates, 8));
  torch::nn::Linear last_ = register_module("last", torch::nn::Linear(8, 1));
};

Conformance found(Energy& energy) {
  Random random(3, "conformance_test");
  return check(energy, Euclidean(coordinates), random);
}

/// What is found of a spoilt perceptron, which is one thing.
template <class Spoilt>
std::string finding() {
  std::string message;
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    torch::manual_seed(5);
    Spoilt energy(type);
    const auto conformance = found(energy);
    EXPECT_EQ(conformance.failures.size(), 1) << conformance.message();
    message = conformance.message();
  }
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  return message;
}

TEST(Conformance, AGoodEnergyIsLeftAlone) {
  for (const auto type : {torch::kFloat, torch::kDouble}) {
    Perceptron energy(type);
    energy.train();
    std::vector<torch::Tensor> before;
    for (auto& parameter : energy.parameters()) {
      parameter.mutable_grad() = torch::ones_like(parameter);
      before.push_back(parameter.detach().clone());
    }
    const auto conformance = found(energy);
    EXPECT_TRUE(conformance.holds()) << conformance.message();
    EXPECT_TRUE(energy.is_training());
    const auto parameters = energy.parameters();
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_TRUE(parameters[i].equal(before[i]));
      EXPECT_TRUE(parameters[i].grad().equal(torch::ones_like(before[i])));
    }
  }
}

TEST(Conformance, ErrorsAreOneLineThatNamesTheEnergy) {
  struct Column final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override { return last_(first_(x).tanh()); }
  } energy;
  const auto message = user_error([&] { require_conformance(found(energy)); });
  EXPECT_EQ(
      message,
      "Column: forward gives [13, 1] for points [13, 3], where one energy a point is asked for, [13]; end it "
      "with .squeeze(1)");
}

TEST(Conformance, ShapesAndDtypes) {
  struct Squeezed final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override { return Perceptron::forward(x).squeeze(); }
  };
  expect_contains(finding<Squeezed>(), "Squeezed: forward gives [] for points [1, 3]");
  struct Summed final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override { return Perceptron::forward(x).sum(); }
  };
  expect_contains(finding<Summed>(), "sum over dimension 1 alone");
  struct Wide final : Perceptron {
    Wide() : Perceptron(torch::kFloat) {}
    torch::Tensor forward(const torch::Tensor& x) override {
      return Perceptron::forward(x) * torch::ones({x.size(0)}, torch::kDouble);
    }
  } wide;
  expect_contains(found(wide).message(),
                  "Wide: forward gives Double for points of Float; make every tensor of forward");
  struct Infinite final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override { return Perceptron::forward(x) / 0; }
  };
  expect_contains(finding<Infinite>(), "not finite");
}

TEST(Conformance, ExceptionsKeepTheirLines) {
  struct Throwing final : Perceptron {
    torch::Tensor forward(const torch::Tensor&) override {
      throw std::runtime_error("first line\nsecond line");
    }
  } energy;
  expect_contains(found(energy).message(), "first line\nsecond line");
  struct Odd final : Perceptron {
    torch::Tensor forward(const torch::Tensor&) override { throw 42; }
  } odd;
  expect_contains(found(odd).message(), "no std::exception");
}

TEST(Conformance, AMemberKeptInForward) {
  struct KeptTensor final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override {
      hidden_ = first_(x).tanh();
      return last_(hidden_).squeeze(1);
    }
    torch::Tensor hidden_;
  };
  expect_contains(finding<KeptTensor>(), "two threads");
  struct KeptSize final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override {
      rows_ = x.size(0);
      const auto hidden = first_(x).tanh();
      return last_(hidden).view({rows_});
    }
    std::int64_t rows_ = 0;
  };
  expect_contains(finding<KeptSize>(), "two threads");
  struct KeptList final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override {
      layers_.assign(1, x);
      layers_.push_back(first_(layers_.back()).tanh());
      return last_(layers_.back()).squeeze(1);
    }
    std::vector<torch::Tensor> layers_;
  };
  expect_contains(finding<KeptList>(), "it keeps something in a member");
}

// Guarded, or one to a thread, a member is no fault; nor must the check wait for ever.
TEST(Conformance, AMemberThatIsGuardedIsAllRight) {
  struct Guarded final : Perceptron {
    torch::Tensor forward(const torch::Tensor& x) override {
      const std::lock_guard lock(mutex_);
      hidden_ = first_(x).tanh();
      return last_(hidden_).squeeze(1);
    }
    std::mutex mutex_;
    torch::Tensor hidden_;
  } energy;
  EXPECT_TRUE(found(energy).holds());
  struct PerThread final : Perceptron {
    torch::Tensor forward(const torch::Tensor& x) override {
      thread_local torch::Tensor hidden;
      hidden = first_(x).tanh();
      return last_(hidden).squeeze(1);
    }
  } per_thread;
  EXPECT_TRUE(found(per_thread).holds());
}

TEST(Conformance, RowsThatAreCoupled) {
  struct Centred final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override {
      const auto hidden = first_(x).tanh();
      return last_(hidden - hidden.mean(0, true)).squeeze(1);
    }
  };
  expect_contains(finding<Centred>(), "depends on the other points of its batch");
}

TEST(Conformance, DrawingAndCounting) {
  struct Drawing final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override {
      return Perceptron::forward(x) + 0.01 * torch::randn({x.size(0)}, x.options());
    }
  };
  expect_contains(finding<Drawing>(), "it draws or counts");
}

TEST(Conformance, LeavingAutograd) {
  struct Detached final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override { return Perceptron::forward(x.detach()); }
  };
  expect_contains(finding<Detached>(), "has no gradient in x");
  struct PartlyDetached final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override {
      return Perceptron::forward(x) + x.square().sum(1) * x.detach().square().sum(1) / 8;
    }
  };
  expect_contains(finding<PartlyDetached>(), "is not the slope of the energy");
}

// The uniform model has no slope, and none is missing.
TEST(Conformance, AnEnergyConstantInX) {
  struct Constant final : Energy {
    torch::Tensor forward(const torch::Tensor& x) override { return c_.expand({x.size(0)}); }
    torch::Tensor c_ = register_parameter("c", torch::ones({}));
  } energy;
  EXPECT_TRUE(found(energy).holds()) << found(energy).message();
}

TEST(Conformance, WeightsReassignedOrNotRegistered) {
  struct Replaced final : Perceptron {
    explicit Replaced(torch::ScalarType type) : Perceptron(type) {
      w_ = register_parameter("w", torch::ones({coordinates}, type));
      w_ = torch::full({coordinates}, 0.5, type);
    }
    torch::Tensor forward(const torch::Tensor& x) override { return Perceptron::forward(x) + x.matmul(w_); }
    torch::Tensor w_;
  };
  expect_contains(finding<Replaced>(), "the parameter \"w\" takes no part in forward");
  struct Scaled final : Perceptron {
    explicit Scaled(torch::ScalarType type) : Perceptron(type) {
      w_ = register_parameter("w", torch::ones({coordinates}, type));
      w_ = w_ * 0.5;
    }
    torch::Tensor forward(const torch::Tensor& x) override { return Perceptron::forward(x) + x.matmul(w_); }
    torch::Tensor w_;
  };
  expect_contains(finding<Scaled>(), "does not follow its parameter \"w\"");
  struct Stranger final : Perceptron {
    explicit Stranger(torch::ScalarType type) : Perceptron(type) {
      w_ = torch::ones({coordinates}, type).requires_grad_(true);
    }
    torch::Tensor forward(const torch::Tensor& x) override { return Perceptron::forward(x) + x.matmul(w_); }
    torch::Tensor w_;
  };
  expect_contains(finding<Stranger>(),
                  "a weight of shape [3] that requires a gradient and is not registered");
}

TEST(Conformance, OverridesThatAreNotTheGradient) {
  struct Gradient final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor gradient(const torch::Tensor& x) override { return 1.5 * Energy::gradient(x); }
  };
  expect_contains(finding<Gradient>(), "gradient() is not the gradient of forward");
  struct Both final : Perceptron {
    using Perceptron::Perceptron;
    std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x) override {
      const auto [value, gradient] = Energy::value_and_gradient(x);
      return {value + 1, gradient};
    }
  };
  expect_contains(finding<Both>(), "gives other energies than forward");
  struct Tied final : Perceptron {
    explicit Tied(torch::ScalarType type) : Perceptron(type) { register_parameter("tied", last_->weight); }
    void accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) override {
      Energy::accumulate_gradient(x, weight);
      last_->weight.mutable_grad() *= 2;
    }
  };
  expect_contains(finding<Tied>(), "something else to the parameter \"tied\"");
}

/// Batch normalisation, dropout, noise: only with a word of warning.
template <bool declared>
class Coupled final : public Perceptron {
 public:
  using Perceptron::Perceptron;
  torch::Tensor forward(const torch::Tensor& x) override {
    return last_(dropout_(norm_->forward(first_(x)).tanh())).squeeze(1);
  }
  bool row_parallel() const override { return !declared || !is_training(); }

 private:
  torch::nn::BatchNorm1d norm_ = register_module("norm", torch::nn::BatchNorm1d(8));
  torch::nn::Dropout dropout_ = register_module("dropout", torch::nn::Dropout(0.5));
};

TEST(Conformance, BatchNormalisationAndDropout) {
  Coupled<true> good;
  good.train();
  const auto before = good.buffers()[0].clone();
  EXPECT_TRUE(found(good).holds()) << found(good).message();
  EXPECT_TRUE(good.buffers()[0].equal(before)) << "a check teaches the energy nothing";
  Coupled<false> bad;
  const auto message = found(bad).message();
  expect_contains(message, "in training mode");
  struct Dropping final : Perceptron {
    using Perceptron::Perceptron;
    torch::Tensor forward(const torch::Tensor& x) override { return last_(dropout_(first_(x))).squeeze(1); }
    torch::nn::Dropout dropout_ = register_module("dropout", torch::nn::Dropout(0.5));
  };
  expect_contains(finding<Dropping>(), "it draws or counts in training mode");
}

/// The circle as angles in [0, 1)², and what can be wrong with it.
class Wrapped : public Domain {
 public:
  std::string name() const override { return "torus"; }
  std::int64_t dimension() const override { return 2; }
  std::string base_measure() const override { return "τ, uniform on the torus"; }
  bool has_probability_base() const override { return true; }
  torch::Tensor sample_base(std::int64_t count, Random& random,
                            const torch::TensorOptions& options) const override {
    return Wrapped::retract(3 * random.normal({count, 2}, options));
  }
  torch::Tensor to_tangent(const torch::Tensor&, const torch::Tensor& v) const override { return v; }
  torch::Tensor retract(const torch::Tensor& y) const override { return y - y.floor(); }
  torch::Tensor laplacian(const torch::Tensor&, const torch::Tensor&,
                          const torch::Tensor& hessian) const override {
    return hessian.diagonal(0, 1, 2).sum(1);
  }
  double log_area() const override { return 0; }
  std::optional<Quadrature> quadrature(std::int64_t) const override { return std::nullopt; }
};

std::string found_of(const Domain& domain) {
  Random random(4, "conformance_test");
  return check(domain, random).message();
}

TEST(Conformance, Domains) {
  EXPECT_EQ(found_of(Wrapped()), "");
  for (const std::int64_t dimension : {2, 3, 15}) EXPECT_EQ(found_of(Sphere(dimension)), "");
  for (const std::int64_t dimension : {1, 2, 784}) EXPECT_EQ(found_of(Euclidean(dimension)), "");
  struct Leaving final : Wrapped {
    torch::Tensor retract(const torch::Tensor& y) const override { return y - 0.9 * y.floor(); }
  };
  expect_contains(found_of(Leaving()), "Leaving: retract leaves the domain");
  struct Elsewhere final : Wrapped {
    torch::Tensor retract(const torch::Tensor& y) const override { return y - y.floor() - 0.5; }
  };
  expect_contains(found_of(Elsewhere()), "retract moves points that sample_base draws");
  struct Forgetful final : Wrapped {
    void retract_rows(Rows) const override {}
  };
  expect_contains(found_of(Forgetful()), "retract_rows goes elsewhere");
  struct Oblique final : Wrapped {
    torch::Tensor to_tangent(const torch::Tensor&, const torch::Tensor& v) const override { return 0.5 * v; }
  };
  expect_contains(found_of(Oblique()), "to_tangent is no projection");
  struct Flat final : Wrapped {
    torch::Tensor to_tangent(const torch::Tensor&, const torch::Tensor& v) const override {
      return v * torch::tensor({1.0, 0.0}, v.options());
    }
  };
  expect_contains(found_of(Flat()), "retract keeps what to_tangent takes away");
  EXPECT_TRUE(found(*std::make_unique<Perceptron>()).holds());
}

/// y = 4 x + 1, with errors that its arguments plant.
class Stretch final : public Transform {
 public:
  Stretch(double determinant, double back) : determinant_(determinant), back_(back) {}
  torch::Tensor forward(const torch::Tensor& x) override { return 4 * x + 1; }
  torch::Tensor inverse(const torch::Tensor& y) override { return (y - back_) / 4; }
  double log_determinant() const override { return determinant_; }

 private:
  double determinant_, back_;
};

TEST(Conformance, Transforms) {
  const auto points = Random(5, "points").normal({20, coordinates}, torch::kDouble);
  const auto found_of_transform = [&](Transform&& transform) { return check(transform, points).message(); };
  EXPECT_EQ(found_of_transform(Stretch(coordinates * std::log(4.0), 1)), "");
  expect_contains(found_of_transform(Stretch(std::log(4.0), 1)),
                  "Stretch: log_determinant() is 1.38629, and autograd's Jacobian of forward has 4.15888");
  expect_contains(found_of_transform(Stretch(coordinates * std::log(4.0), 2)), "inverse does not lead back");
  struct Projection final : Transform {
    explicit Projection(double determinant) : determinant_(determinant) {}
    torch::Tensor forward(const torch::Tensor& x) override { return x / x.norm(2, 1, true); }
    torch::Tensor inverse(const torch::Tensor& y) override { return y; }
    double log_determinant() const override { return determinant_; }
    double determinant_;
  };
  EXPECT_EQ(found_of_transform(Projection(0)), "");
  expect_contains(found_of_transform(Projection(1)), "singular");
  struct Uneven final : Transform {
    torch::Tensor forward(const torch::Tensor& x) override { return x.exp(); }
    torch::Tensor inverse(const torch::Tensor& y) override { return y.log(); }
  };
  expect_contains(found_of_transform(Uneven()), "different factors");
  EXPECT_EQ(found_of_transform(TransformChain()), "");
}

}  // namespace
}  // namespace ebm::testing::conforming
