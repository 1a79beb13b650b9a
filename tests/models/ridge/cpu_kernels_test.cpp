#include "dualebm/models/ridge/cpu_kernels.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/models/ridge/features.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// Multiples of 1/16 in [-2, 2]: pre-activations of up to 300 coordinates are exact in single precision, so
/// that both precisions see the same side of every kink.
torch::Tensor exact_numbers(torch::IntArrayRef sizes, Random& random) {
  const auto count = c10::multiply_integers(sizes);
  return (random.integers(65, count) - 32).to(torch::kDouble).reshape(sizes) / 16;
}

struct Shape {
  std::int64_t rows, count, dimension;
};

/// Shapes that no block, tile or vector divides, and those that they do; small ones most often.
std::vector<Shape> shapes() {
  std::vector<Shape> result;
  for (std::int64_t d = 1; d <= 17; ++d) result.push_back({3 * d + 1, 65 + d, d});
  for (const auto& [rows, count, d] :
       {Shape{64, 64, 16}, {65, 1, 15}, {1, 130, 15}, {257, 1025, 3}, {1, 1, 1}, {16, 513, 2}}) {
    result.push_back({rows, count, d});
  }
  Random random(3, "shapes");
  for (int i = 0; i < 12; ++i) {
    const auto d = 1 + random.integers(300, 1).item<std::int64_t>(),
               m = 1 + random.integers(3000, 1).item<std::int64_t>();
    result.push_back(
        {1 + random.integers(std::max<std::int64_t>(2, 4'000'000 / (d * m)), 1).item<std::int64_t>(), m, d});
  }
  return result;
}

/// By operators of LibTorch in double, with gradients by autograd.
struct Reference {
  torch::Tensor values, vectors;
  torch::Tensor magnitude;  ///< Σ_j |c_j| max(σ(u_j), σ'(u_j)), [rows]

  Reference(const torch::Tensor& a, const torch::Tensor& b, const torch::Tensor& c, const Activation& sigma) {
    const auto points = a.clone().requires_grad_(true);
    const auto f = sigma.value(points.matmul(b.t())).matmul(c);
    values = f.detach();
    f.sum().backward();
    vectors = points.grad();
    const auto u = a.matmul(b.t()).requires_grad_(true);
    const auto terms = sigma.value(u);
    terms.sum().backward();
    magnitude = at::maximum(terms.detach(), u.grad()).matmul(c.abs());
  }
};

class RidgeKernels : public ::testing::TestWithParam<std::string> {
 protected:
  Activation sigma{GetParam()};

  /// Numbers before and after the results, which must stay.
  template <class Real>
  struct Guarded {
    static constexpr std::int64_t margin = 64;
    static constexpr Real mark = -12345;
    std::vector<Real> numbers;
    explicit Guarded(std::int64_t count) : numbers(static_cast<std::size_t>(count + 2 * margin), mark) {}
    Real* data() { return numbers.data() + margin; }
    bool intact() const {
      return std::all_of(numbers.begin(), numbers.begin() + margin, [](Real x) { return x == mark; }) &&
             std::all_of(numbers.end() - margin, numbers.end(), [](Real x) { return x == mark; });
    }
  };

  template <class Real>
  void expect_reference(const Shape& shape, double tolerance) {
    const auto type = sizeof(Real) == 4 ? torch::kFloat : torch::kDouble;
    Random random(static_cast<std::uint64_t>(shape.rows + shape.count), "operands");
    const auto a = exact_numbers({shape.rows, shape.dimension}, random),
               b = exact_numbers({shape.count, shape.dimension}, random);
    const auto c = exact_numbers({shape.count}, random);
    const Reference reference(a, b, c, sigma);
    const auto points = a.to(type), directions = b.to(type), coefficients = c.to(type);
    const ridge::Sums<Real> sums{directions.data_ptr<Real>(), coefficients.data_ptr<Real>(), shape.count,
                                 shape.dimension, sigma.kind()};
    for (const auto& [wants_vectors, wants_values] : {std::pair{true, true}, {true, false}, {false, true}}) {
      Guarded<Real> vectors(shape.rows * shape.dimension), values(shape.rows);
      sums(points.data_ptr<Real>(), shape.rows, wants_vectors ? vectors.data() : nullptr,
           wants_values ? values.data() : nullptr);
      ASSERT_TRUE(vectors.intact() && values.intact());
      const auto error = [&](Real* numbers, const torch::Tensor& exact) {
        const auto found = torch::from_blob(numbers, exact.sizes(), type).to(torch::kDouble);
        return ((found - exact).abs() / (reference.magnitude.view({-1, 1}) + 1e-30))
            .max()
            .template item<double>();
      };
      if (wants_vectors) {
        EXPECT_LT(error(vectors.data(), reference.vectors), tolerance * 4);
      }
      if (wants_values) {
        EXPECT_LT(error(values.data(), reference.values.unsqueeze(1)), tolerance);
      }
    }
  }
};

// Errors in units of the sum of the absolute terms; coordinates are up to 2 and weigh in with the dimension
// in Euler's relation. A wrong neighbour, a dropped remainder, a wrong factor are of order 1.
TEST_P(RidgeKernels, AgreeWithAutogradOnEveryShapeAndInstructionSet) {
  with_each_instruction_set([&](InstructionSet set) {
    for (const auto& shape : shapes()) {
      SCOPED_TRACE(fmt::format("{}: {} rows, {} directions, {} coordinates", to_string(set), shape.rows,
                               shape.count, shape.dimension));
      expect_reference<double>(shape, 1e-14);
      expect_reference<float>(shape, 4e-6);
      if (HasFailure()) return;
    }
  });
}

TEST_P(RidgeKernels, OfNothingAreZeroOrNothing) {
  const auto none = torch::zeros({0, 3}, torch::kFloat), some = torch::ones({5, 3}, torch::kFloat);
  const auto no_weights = torch::zeros({0}, torch::kFloat);
  EXPECT_EQ(ridge::gradient(none, some, torch::ones({5}), sigma).sizes(), none.sizes());
  EXPECT_EQ(distance(ridge::gradient(some, none, no_weights, sigma), torch::zeros({5, 3})), 0);
  EXPECT_EQ(distance(ridge::moments(none, no_weights, some, sigma).direction, torch::zeros({5, 3})), 0);
  EXPECT_EQ(distance(ridge::features(none, no_weights, some, sigma), torch::zeros({5})), 0);
}

// Strides, offsets and expanded rows: a kernel that reads memory as it lies takes other numbers.
TEST_P(RidgeKernels, ReadNonContiguousOperands) {
  Random random(5, "strides");
  const auto wide = exact_numbers({40, 14}, random), neurons = exact_numbers({14, 9}, random),
             weights = exact_numbers({18}, random);
  const auto x = wide.narrow(1, 3, 7), z = neurons.narrow(0, 1, 7).t(), c = weights.slice(0, 0, 18, 2);
  const auto row = wide.narrow(0, 5, 1).narrow(1, 0, 7).expand({40, 7});
  for (const auto& points : {x, row}) {
    const Reference reference(points.contiguous(), z.contiguous(), c.contiguous(), sigma);
    EXPECT_LT(distance(ridge::gradient(points, z, c, sigma), reference.vectors), 1e-12);
    EXPECT_LT(distance(ridge::value(points, z, c, sigma), reference.values), 1e-12);
  }
}

// (x, 1) by the kernel is (x, 1) by memory, to the bit, and no more than one coordinate is made up.
TEST_P(RidgeKernels, LiftPointsInThePassItself) {
  Random random(9, "lifted");
  with_each_instruction_set([&](InstructionSet set) {
    for (const auto type : {torch::kFloat, torch::kDouble}) {
      for (const auto& shape : shapes()) {
        SCOPED_TRACE(fmt::format("{}: {} rows, {} directions, {} coordinates", to_string(set), shape.rows,
                                 shape.count, shape.dimension));
        const auto d = shape.dimension;
        const auto x = exact_numbers({shape.rows, d}, random).to(type),
                   z = exact_numbers({shape.count, d + 1}, random).to(type),
                   c = exact_numbers({shape.count}, random).to(type);
        const auto longer = torch::cat({x, torch::ones({shape.rows, 1}, type)}, 1);
        const auto [values, vectors] = ridge::value_and_gradient(longer, z, c, sigma);
        const auto [value, gradient] = ridge::value_and_gradient(x, z, c, sigma, true);
        ASSERT_TRUE(torch::equal(value, values) && torch::equal(gradient, vectors.narrow(1, 0, d)));
        ASSERT_TRUE(torch::equal(ridge::gradient(x, z, c, sigma, true),
                                 ridge::gradient(longer, z, c, sigma).narrow(1, 0, d)));
        ASSERT_TRUE(torch::equal(ridge::value(x, z, c, sigma, true), ridge::value(longer, z, c, sigma)));
        EXPECT_FALSE(ridge::row_gradient(x, z, c, sigma));
        EXPECT_FALSE(ridge::row_gradient(longer, z, c, sigma, true));
        EXPECT_THROW(ridge::gradient(x, z, c, sigma), c10::Error);
      }
    }
  });
}

// An infinity or what is not a number anywhere in a row, a neuron or a weight must come out, in all that it
// enters.
TEST_P(RidgeKernels, MaskNothingThatIsNotFinite) {
  Random random(6, "not finite");
  const double bad = std::numeric_limits<double>::quiet_NaN();
  for (const std::int64_t d : {3, 9, 15}) {
    const auto x = exact_numbers({70, d}, random), z = exact_numbers({20, d}, random),
               c = exact_numbers({20}, random).abs() + 1;
    const auto bad_row = x.clone(), bad_neuron = z.clone();
    bad_row[37][d - 1] = bad;
    bad_neuron[11][0] = bad;
    with_each_instruction_set([&](InstructionSet) {
      const auto [value, gradient] = ridge::value_and_gradient(bad_row, z, c, sigma);
      EXPECT_TRUE(std::isnan(value[37].item<double>()));
      EXPECT_EQ(value.isfinite().sum().item<std::int64_t>(), 69);
      EXPECT_EQ(gradient.isfinite().all(1).sum().item<std::int64_t>(),
                69 + (gradient[37].isfinite().all().item<bool>() ? 1 : 0));
      EXPECT_TRUE(std::isnan(ridge::value(bad_row, z, c, sigma)[37].item<double>()));
      EXPECT_FALSE(ridge::value(x, bad_neuron, c, sigma).isfinite().any().item<bool>());
      EXPECT_FALSE(ridge::gradient(x, bad_neuron, c, sigma).isfinite().all(1).any().item<bool>());
      EXPECT_FALSE(ridge::moments(bad_row, torch::ones({70}, torch::kDouble), z, sigma)
                       .direction.isfinite()
                       .all(1)
                       .any()
                       .item<bool>());
      EXPECT_FALSE(ridge::features(bad_row, torch::ones({70}, torch::kDouble), z, sigma)
                       .isfinite()
                       .any()
                       .item<bool>());
    });
  }
}

// Far out e^u overflows or vanishes; log(1 + e^u) must not.
TEST_P(RidgeKernels, HoldForLargePreActivations) {
  const auto x =
      torch::tensor({-1e4, -700.0, -80.0, -20.0, 20.0, 80.0, 700.0, 1e4}, torch::kDouble).view({8, 1});
  const auto z = torch::ones({1, 1}, torch::kDouble), c = torch::ones({1}, torch::kDouble);
  const Reference reference(x, z, c, sigma);
  for (const auto type : {torch::kDouble, torch::kFloat}) {
    const auto [value, gradient] = ridge::value_and_gradient(x.to(type), z.to(type), c.to(type), sigma);
    const double precision = type == torch::kDouble ? 1e-14 : 1e-6;
    EXPECT_TRUE(at::allclose(value.to(torch::kDouble), reference.values, precision, 1e-37));
    EXPECT_TRUE(at::allclose(gradient.to(torch::kDouble), reference.vectors, precision, 1e-37));
  }
}

// A graph and a trace follow operators alone; a kernel would leave a constant behind.
TEST_P(RidgeKernels, LeaveAGraphToLibTorch) {
  const auto x = torch::ones({4, 3}, torch::kDouble).requires_grad_(true);
  const auto z = torch::ones({2, 3}, torch::kDouble), c = torch::ones({2}, torch::kDouble);
  EXPECT_TRUE(ridge::value(x, z, c, sigma).requires_grad());
  EXPECT_TRUE(ridge::value(x.detach(), z, c.clone().requires_grad_(true), sigma).requires_grad());
  const torch::NoGradGuard no_grad;
  EXPECT_FALSE(ridge::value(x, z, c, sigma).requires_grad());
}

// Kernels read memory: sizes and types that do not fit must end in LibTorch's error.
TEST_P(RidgeKernels, RefuseOperandsThatDoNotFit) {
  const auto z = torch::ones({2, 3}, torch::kDouble), c = torch::ones({2}, torch::kDouble);
  const auto wide = torch::ones({4, 5}, torch::kDouble), single = torch::ones({4, 3}, torch::kFloat);
  for (const auto& x : {wide, single}) {
    EXPECT_THROW(ridge::gradient(x, z, c, sigma), c10::Error);
    EXPECT_THROW(ridge::moments(x, torch::ones({4}, x.options()), z, sigma), c10::Error);
    EXPECT_FALSE(ridge::row_gradient(x, z, c, sigma));
  }
  EXPECT_THROW(
      ridge::gradient(torch::ones({4, 3}, torch::kDouble), z, torch::ones({3}, torch::kDouble), sigma),
      c10::Error);
}

INSTANTIATE_TEST_SUITE_P(Activations, RidgeKernels, ::testing::ValuesIn(Activation::names()),
                         [](const auto& parameters) { return parameters.param; });

}  // namespace
}  // namespace ebm::testing
