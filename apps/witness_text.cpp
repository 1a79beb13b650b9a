#include "dualebm/apps/witness_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ebm {
namespace {

/// From this p-value on the model is said to err.
constexpr double significant = 0.01;

}  // namespace

std::string witness_text(const Witness& w) {
  const double ratio = w.data_mean / w.model_mean;
  auto text = fmt::format(
      "the data have {:.2g} times the mass of the model within {:.2g}; a bump there is worth "
      "{:.2g} nats a training point",
      ratio, w.width, w.gain);
  if (!w.held_out) return text + ", which nothing held out confirms";
  const auto& held = *w.held_out;
  return text +
         fmt::format(", {:.2g} with a standard error of {:.2g} on {} points held out, p = {:.2g}: {}",
                     held.gain, held.standard_error, held.points, held.p_value,
                     held.p_value < significant ? "the model errs there" : "no sign that the model errs");
}

Json witness_json(const Witness& w, Json place) {
  Json object = {{"place", std::move(place)},    {"width", w.width},
                 {"data_mean", w.data_mean},     {"model_mean", w.model_mean},
                 {"coefficient", w.coefficient}, {"gain", w.gain}};
  if (w.held_out) {
    object["held_out"] = {{"points", w.held_out->points},
                          {"mean", w.held_out->mean},
                          {"gain", w.held_out->gain},
                          {"standard_error", w.held_out->standard_error},
                          {"p_value", w.held_out->p_value}};
  }
  return object;
}

}  // namespace ebm
