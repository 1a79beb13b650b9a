#include "dualebm/datasets/toys/toy.hpp"

#include <ATen/ATen.h>

#include <functional>

#include "dualebm/datasets/split.hpp"
#include "dualebm/datasets/toys/toy_checkerboard.hpp"
#include "dualebm/datasets/toys/toy_mixture.hpp"
#include "dualebm/datasets/toys/toy_pinwheel.hpp"
#include "dualebm/datasets/toys/toy_rings.hpp"

namespace ebm {
namespace {

struct Shape {
  std::string name;
  double noise;
  std::function<std::shared_ptr<ToyDensity>(double noise)> make;
};

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = {
      {"rings", 0.15, [](double noise) { return std::make_shared<ToyRings>(noise); }},
      {"moons", 0.2, [](double noise) { return std::make_shared<ToyMixture>(moon_centres(noise), noise); }},
      {"pinwheel", 0.2, [](double noise) { return std::make_shared<ToyPinwheel>(noise); }},
      {"checkerboard", 0.05, [](double noise) { return std::make_shared<ToyCheckerboard>(noise); }},
      {"two_spirals", 0.12,
       [](double noise) { return std::make_shared<ToyMixture>(spiral_centres(noise), noise); }},
      {"eight_gaussians", 0.3,
       [](double noise) { return std::make_shared<ToyMixture>(eight_centres(), noise); }},
  };
  return all;
}

torch::Tensor samples(const DatasetContext& context, ToyDensity& density, std::int64_t count) {
  require(context.domain->is_flat() && context.domain->dimension() == 2,
          "dataset.name: toy needs the domain euclidean with dimension 2, not {} with dimension {}",
          context.domain->name(), context.domain->dimension());
  return density.sample(count, context.random);
}

}  // namespace

std::vector<std::string> toy_shapes() {
  std::vector<std::string> names;
  for (const auto& shape : shapes()) names.push_back(shape.name);
  return names;
}

std::shared_ptr<ToyDensity> make_toy_density(const std::string& shape, std::optional<double> noise) {
  for (const auto& known : shapes()) {
    if (known.name == shape) return known.make(noise.value_or(known.noise));
  }
  fail("toy: no shape \"{}\"", shape);
}

void ToyOptions::describe(Fields& fields) {
  fields.choice("shape", shape, toy_shapes(), "the density");
  fields.integer("train", train, Range::at_least(1), "number n of training points");
  fields.integer("validation", validation, Range::at_least(0), "number of validation points");
  fields.integer("test", test, Range::at_least(0), "number of test points");
  // Narrower, and a grid that resolves the density has more points than one can wait for.
  fields.number(
      "noise", noise, Range::between(0.02, 1),
      "standard deviation of the noise (checkerboard: scale of logistic noise); null: the shape's own");
}

Dataset draw_toy(const DatasetContext& context, const ToyOptions& given) {
  const auto options = checked(given, "toy");
  const auto density = make_toy_density(options.shape, options.noise);
  const auto points = samples(context, *density, options.train + options.validation + options.test);
  auto parts = parts_of(points, options.train, options.validation);
  parts.teacher = density;
  return parts;
}

}  // namespace ebm
