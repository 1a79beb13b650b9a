#include "dualebm/models/energy_sum.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/gradients.hpp"

namespace ebm {
namespace {

constexpr const char* no_parts =
    "energy.parts: a sum needs at least one part, as {\"global\": {\"name\": \"mlp\"}, \"local\": {\"name\": "
    "\"gaussian_bumps\"}}";

bool is_identifier(const std::string& name) {
  const auto letter = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(), letter);
}

/// Adds what another kernel writes to what is there.
template <class Number>
void add_rows(const RowGradient& kernel, ConstRows points, Number* gradients, Number* energies) {
  const auto numbers = points.count * points.dimension;
  // Of the thread: samplers call with a few rows at a time.
  thread_local std::vector<Number> buffer;
  buffer.resize(static_cast<std::size_t>(numbers + points.count));
  const Rows there{buffer.data(), points.count, points.dimension};
  const Rows values = energies ? Rows{buffer.data() + numbers, points.count, 1} : Rows{};
  kernel(points, there, values);
  for (std::int64_t i = 0; i < numbers; ++i) gradients[i] += buffer[static_cast<std::size_t>(i)];
  for (std::int64_t i = 0; energies && i < points.count; ++i)
    energies[i] += buffer[static_cast<std::size_t>(numbers + i)];
}

}  // namespace

void EnergySum::Options::describe(Fields& fields) {
  fields.section("parts", parts, "object of name: section of an energy; E is their sum");
}

bool EnergySum::Options::read_parts(const registry::Reader<Energy, EnergyContext>& read,
                                    const std::string& path) {
  require(parts.is_object(), "{}.parts: expected an object of name: section of an energy, found {}", path,
          parts.dump());
  require(!parts.empty(), "{}", no_parts);
  bool foreign = false;
  choices.clear();
  for (auto& [name, section] : parts.items()) {
    const auto where = fmt::format("{}.parts.{}", path, name);
    require(is_identifier(name),
            "{}: the name of a part is of letters, digits and underscores, no digit first", where);
    require(!section.is_object() || section.value("name", Json()) != "sum",
            "{}.name: a part of a sum is no sum itself; put its parts beside the others", where);
    auto choice = read(section, where);
    foreign = foreign || choice.foreign;
    section = choice.resolved();
    choices.emplace_back(name, std::move(choice));
  }
  return foreign;
}

EnergySum::EnergySum(const EnergyContext& context, const Options& options) {
  require(!options.choices.empty(), "{}", no_parts);
  for (const auto& [name, choice] : options.choices) {
    const auto random = context.random.branch(name);
    const DefaultGenerator initial(*random);  // for layers that do not draw from the stream
    add({name, choice.make({.domain = context.domain,
                            .tensor_options = context.tensor_options,
                            .random = *random,
                            .points = context.points,
                            .restored = context.restored})});
  }
}

EnergySum::EnergySum(std::vector<Part> parts) {
  require(!parts.empty(), "{}", no_parts);
  for (auto& part : parts) add(std::move(part));
}

void EnergySum::add(Part part) {
  require(is_identifier(part.name),
          "sum: the name of a part is of letters, digits and underscores, no digit first, found \"{}\"",
          part.name);
  require(part.energy != nullptr, "sum: the part \"{}\" is missing", part.name);
  require(!named_children().contains(part.name), "sum: two parts are called \"{}\"", part.name);
  register_module(part.name, std::static_pointer_cast<torch::nn::Module>(part.energy));
  parts_.push_back(std::move(part));
}

torch::Tensor EnergySum::forward(const torch::Tensor& x) {
  auto sum = parts_.front().energy->forward(x);
  for (std::size_t k = 1; k < parts_.size(); ++k) sum = sum + parts_[k].energy->forward(x);
  return sum;
}

torch::Tensor EnergySum::gradient(const torch::Tensor& x) {
  auto sum = parts_.front().energy->gradient(x);
  for (std::size_t k = 1; k < parts_.size(); ++k) sum = sum + parts_[k].energy->gradient(x);
  return sum;
}

std::pair<torch::Tensor, torch::Tensor> EnergySum::value_and_gradient(const torch::Tensor& x) {
  auto [value, gradient] = parts_.front().energy->value_and_gradient(x);
  for (std::size_t k = 1; k < parts_.size(); ++k) {
    const auto [more, slope] = parts_[k].energy->value_and_gradient(x);
    value = value + more;
    gradient = gradient + slope;
  }
  return {value, gradient};
}

RowGradient EnergySum::row_gradient(const torch::Tensor& like) {
  std::vector<RowGradient> kernels;
  for (const auto& part : parts_) {
    kernels.push_back(part.energy->row_gradient(like));
    if (!kernels.back()) return nullptr;
  }
  return [kernels](ConstRows points, Rows gradients, Rows energies) {
    kernels.front()(points, gradients, energies);
    std::visit(
        [&](auto* slopes) {
          using Number = std::remove_pointer_t<decltype(slopes)>;
          auto* values = energies.count > 0 ? std::get<Number*>(energies.first) : nullptr;
          for (std::size_t k = 1; k < kernels.size(); ++k) add_rows(kernels[k], points, slopes, values);
        },
        gradients.first);
  };
}

void EnergySum::accumulate_gradient(const torch::Tensor& x, const torch::Tensor& weight) {
  const auto* over_ranks = OnRankRows::over(x.size(0));
  for (const auto& part : parts_) {
    if (over_ranks != nullptr) {
      accumulate_over_ranks(*part.energy, x, weight, over_ranks->rows(), over_ranks->ranks());
    } else {
      part.energy->accumulate_gradient(x, weight);
    }
  }
}

bool EnergySum::row_parallel() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.energy->row_parallel(); });
}

void EnergySum::project_parameters() {
  for (const auto& part : parts_) part.energy->project_parameters();
}

bool EnergySum::smooth() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.energy->smooth(); });
}

std::optional<double> EnergySum::log_normalizer() const {
  return parts_.size() == 1 ? parts_.front().energy->log_normalizer() : std::nullopt;
}

std::optional<double> EnergySum::lower_bound() const {
  double sum = 0;
  for (const auto& part : parts_) {
    const auto bound = part.energy->lower_bound();
    if (!bound) return std::nullopt;
    sum += *bound;
  }
  return sum;
}

}  // namespace ebm
