#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/nn/modules/linear.h>

#include <nlohmann/json.hpp>

#include "dualebm/models/von_mises_fisher.hpp"
#include "tests/support/export_fixture.hpp"

namespace ebm::testing {
namespace {

TEST_F(Export, ValuesReadFromXAreRefused) {
  const auto branch = [](const torch::Tensor& x, const torch::Tensor& w) {
    return x.mean().item<double>() > 0 ? (w * x.square()).sum(1) : (w * x.square()).sum(1) * 2;
  };
  expect_contains(refusal(branch), "takes a number out of a tensor that depends on x");
  const auto number = [](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x).square().sum(1) * x.abs().max().item<double>();
  };
  expect_contains(refusal(number), "takes a number out of a tensor that depends on x");
  const auto condition = [](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x).square().sum(1) * (x.detach().gt(100).any().is_nonzero() ? 2 : 1);
  };
  expect_contains(refusal(condition), "takes a number out of a tensor that depends on x");
}

// Invisible to the dispatcher: only a comparison on other points tells.
TEST_F(Export, ABranchOnValuesReadPastTheOperatorsIsRefused) {
  const auto near = [](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x.square()).sum(1) * (x.contiguous().data_ptr<float>()[0] > 0 ? 1 : 2);
  };
  expect_contains(refusal(near), "depends on values");
  const auto far_out = [](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x.square()).sum(1) * (std::abs(x.contiguous().data_ptr<float>()[0]) < 50 ? 1 : 2);
  };
  expect_contains(refusal(far_out), "depends on values");
  const auto mean = [](const torch::Tensor& x, const torch::Tensor& w) {
    const auto m = x.detach().mean(1).contiguous();
    double sum = 0;
    for (std::int64_t i = 0; i < m.size(0); ++i) sum += m.data_ptr<float>()[i];
    return (w * x.square()).sum(1) * (sum > 0 ? 1 : 2);
  };
  expect_contains(refusal(mean), "depends on values");
}

TEST_F(Export, ASizeBakedInIsRefused) {
  // Neither a multiple of the size nor a shape: a table of the points' pairs.
  const auto pairs = [](const torch::Tensor& x, const torch::Tensor& w) {
    const auto n = x.size(0);
    return (w * x.square()).sum(1) + torch::ones({n * (n + 1) / 2}, x.options()).sum() * 1e-3;
  };
  expect_contains(refusal(pairs), "size of the batch is fixed");
  const auto mean = [](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x.square()).sum(1) / static_cast<double>(x.size(0));
  };
  expect_contains(refusal(mean), "size of the batch is fixed");
}

TEST_F(Export, AKernelThatTracingCannotSeeIsRefused) {
  const auto kernel = [](const torch::Tensor& x, const torch::Tensor& w) {
    const auto squares = (w * x.square()).sum(1);
    auto offset = at::empty_like(squares.detach());
    for (std::int64_t i = 0; i < x.size(0); ++i) {
      offset.data_ptr<float>()[i] =
          std::sin(x.detach().contiguous().data_ptr<float>()[exported_dimension * i]) + 3;
    }
    return squares + offset;
  };
  expect_contains(refusal(kernel), "invisible to the trace");
}

TEST_F(Export, AnUnregisteredTensorIsRefused) {
  const auto hidden = torch::tensor({1.f, 2.f, 3.f});
  const auto plain = [&](const torch::Tensor& x, const torch::Tensor&) {
    return (hidden * x.square()).sum(1);
  };
  expect_contains(refusal(plain), "shape [3] that is neither parameter nor buffer");
  const auto trained = hidden.clone().requires_grad_(true);
  const auto with_gradient = [&](const torch::Tensor& x, const torch::Tensor&) {
    return (trained * x.square()).sum(1);
  };
  expect_contains(refusal(with_gradient), "was not registered with register_parameter");
}

// A number of the trace, wherever it came from: in the file it is the dtype of x again.
TEST_F(Export, ADtypeGivenInsideFollowsX) {
  const auto follows = [&](Given::Forward forward) {
    Given energy(forward);
    write(energy, Euclidean(exported_dimension));
    auto copy = read();
    copy.to(torch::kDouble);
    const auto x = Random(4, "dtype").normal({6, exported_dimension}, torch::kFloat);
    const auto found = copy.forward({x.to(torch::kDouble)}).toTensor();
    EXPECT_EQ(found.scalar_type(), torch::kDouble);
    EXPECT_LT(distance(found, energy.forward(x)), 1e-5);
  };
  follows([](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x.to(torch::kFloat).square()).matmul(torch::ones({exported_dimension}, torch::kFloat));
  });
  follows([](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x.square()).matmul(torch::ones({exported_dimension}, x.options()));
  });
  follows([](const torch::Tensor& x, const torch::Tensor& w) {
    return (w.to(torch::kDouble) * x.to(torch::kDouble).square()).sum(1).to(x.scalar_type());
  });
}

TEST_F(Export, EnergiesOfAnotherDtypeThanXAreRefused) {
  const auto wide = [](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x.square()).sum(1) * torch::ones({x.size(0)}, torch::kDouble);
  };
  expect_contains(refusal(wide),
                  "forward gives Double for points of Float: some tensor in it has a dtype of its own");
}

// What a trace can follow of it is exported; the rest is called by its name.
TEST_F(Export, AutogradInsideForwardIsCalledByItsName) {
  const auto slope_of = [](const torch::Tensor& x, auto function) {
    const torch::AutoGradMode enable(true);
    const auto leaf = x.requires_grad() ? x : x.detach().requires_grad_(true);
    return torch::autograd::grad({function(leaf).sum()}, {leaf}, {}, c10::nullopt, /*create_graph=*/true)[0];
  };
  const auto normalised = [&](const torch::Tensor& x, const torch::Tensor& w) {
    const auto slope = slope_of(
        x, [&](const torch::Tensor& leaf) { return at::layer_norm(w * leaf, {exported_dimension}).sin(); });
    return (w * x.square()).sum(1) + slope.square().sum(1);
  };
  expect_contains(refusal(normalised), "forward differentiates on its way (autograd::grad or backward)");
}

TEST_F(Export, AUsersExceptionKeepsItsLines) {
  Given energy([](const torch::Tensor& x, const torch::Tensor& w) {
    if (torch::jit::tracer::isTracing()) throw std::runtime_error("Error: one\ntwo");
    return (w * x.square()).sum(1);
  });
  expect_contains(user_error([&] { write(energy, Euclidean(exported_dimension)); }), "Error: one\ntwo");
}

TEST_F(Export, ScoresThatAreNotTheEnergysAreRefused) {
  const auto hidden = [](const torch::Tensor& x, const torch::Tensor& w) {
    torch::Tensor factor;
    {
      const torch::NoGradGuard no_grad;
      factor = x.square().sum(1);
    }
    return factor * (w * x).sum(1);
  };
  expect_contains(refusal(hidden), "the traced score differs");

  class Wrong final : public Energy {
   public:
    torch::Tensor forward(const torch::Tensor& x) override { return x.square().sum(1); }
    torch::Tensor gradient(const torch::Tensor& x) override { return 1.5 * x; }
  } wrong;
  expect_contains(user_error([&] { write(wrong, Euclidean(exported_dimension)); }),
                  "is not the gradient of its forward");
}

TEST_F(Export, AnEnergyThatDrawsOrCountsIsRefused) {
  const auto drawing = [](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x.square()).sum(1) + 0.1 * at::randn_like(x.select(1, 0));
  };
  expect_contains(refusal(drawing), "draws or counts");
}

TEST_F(Export, ShapesThatAreNotOneEnergyAPointAreRefused) {
  const auto column = [](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x.square()).sum(1, /*keepdim=*/true);
  };
  expect_contains(refusal(column), "one energy a point");
  const auto infinite = [](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x.square()).sum(1) / 0.0;
  };
  expect_contains(refusal(infinite), "not finite");
}

// A number of the weights is right in the file as long as the weights stay: allowed, and said.
TEST_F(Export, NumbersOfTheWeightsMakeAFileThatIsNotToBeTrainedFurther) {
  Given energy([](const torch::Tensor& x, const torch::Tensor& w) {
    return (w * x.square()).sum(1) * w.max().item<double>();
  });
  EXPECT_FALSE(write(energy, Euclidean(exported_dimension)).trainable);
  Given honest(
      [](const torch::Tensor& x, const torch::Tensor& w) { return (w * x.square()).sum(1) * w.max(); });
  EXPECT_TRUE(write(honest, Euclidean(exported_dimension)).trainable);
}

TEST_F(Export, AFailedExportLeavesTheOldFile) {
  folder_.write("model.pt", "old");
  Given energy(
      [](const torch::Tensor& x, const torch::Tensor& w) { return (w * x).sum(1) * x.max().item<double>(); });
  user_error([&] { write(energy, Euclidean(exported_dimension)); });
  EXPECT_EQ(read_file(file()), "old");
}

}  // namespace
}  // namespace ebm::testing
