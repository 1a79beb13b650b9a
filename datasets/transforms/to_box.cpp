#include "dualebm/datasets/transforms/to_box.hpp"

#include <ATen/ATen.h>

namespace ebm {

void ToBox::Options::describe(Fields& fields) {
  fields.numbers("low", low, Range::any(), "least value of each coordinate in the data, or one for all");
  fields.numbers("high", high, Range::any(), "greatest value of each coordinate in the data, or one for all");
}

ToBox::ToBox(const TransformContext& context, const Options& given) {
  const auto options = checked(given, "to_box");
  const auto walls = context.domain->coordinates();
  const auto own = [&](const std::vector<double>& values, std::size_t k, const char* key) {
    require(values.size() == 1 || values.size() == walls.size(),
            "transform to_box: {} has {} numbers; give one, or one for each of {} coordinates", key,
            values.size(), walls.size());
    return values.size() == 1 ? values[0] : values[k];
  };
  std::vector<double> slope, offset;
  for (std::size_t k = 0; k < walls.size(); ++k) {
    require(walls[k].walled(), "transform to_box: coordinate {} of the domain {} has no walls", k,
            context.domain->name());
    const double from = own(options.low, k, "low"), to = own(options.high, k, "high");
    require(from < to, "transform to_box: coordinate {} must have low < high, got {} and {}", k, from, to);
    slope.push_back((walls[k].high - walls[k].low) / (to - from));
    offset.push_back(walls[k].low - slope.back() * from);
  }
  slope_ = register_buffer("slope", torch::tensor(slope, torch::kDouble).to(context.tensor_options));
  offset_ = register_buffer("offset", torch::tensor(offset, torch::kDouble).to(context.tensor_options));
}

double ToBox::log_determinant() const { return slope_.to(torch::kDouble).log().sum().item<double>(); }

}  // namespace ebm
