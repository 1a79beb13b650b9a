#include <fmt/format.h>
#include <fmt/ranges.h>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/experiment/parameter_range.hpp"

namespace ebm {
namespace {

void print_fields(const std::vector<FieldDescription>& fields) {
  for (const auto& field : fields) {
    show("    {:<22} {}\n", field.name, field.meaning);
    show("    {:<22} {}; default {}\n", "", field.type, field.default_value);
  }
}

template <class Options>
std::vector<FieldDescription> fields_of() {
  FieldLister lister;
  Options().describe(lister);
  return lister.descriptions;
}

template <class Product, class Context>
void print_registry(const Registry<Product, Context>& registry) {
  for (const auto& entry : registry.entries()) {
    show("  {}: {}\n", entry.name, entry.meaning);
    print_fields(entry.list());
  }
}

void print_metrics(const Registry<Metric, MetricContext>& metrics) {
  for (const auto& registered : metrics.entries()) {
    const auto entry = registered.read(Json::object(), "metrics").make({})->description();
    show("  {}: {}\n    {:<22} {}{}\n", entry.name, entry.label, entry.unit, entry.meaning,
         entry.better.empty() ? "" : "; " + entry.better + " is better");
    print_fields(registered.list());
  }
}

}  // namespace

void list(const std::string& kind, const Catalogue& catalogue) {
  const std::vector<std::pair<std::string, std::function<void()>>> kinds = {
      {"general", [] { print_fields(fields_of<GeneralOptions>()); }},
      {"domain", [&] { print_registry(catalogue.domains); }},
      {"dataset", [&] { print_registry(catalogue.datasets); }},
      {"transform", [&] { print_registry(catalogue.transforms); }},
      {"energy", [&] { print_registry(catalogue.energies); }},
      {"trainer", [&] { print_registry(catalogue.trainers); }},
      {"sampler", [&] { print_registry(catalogue.samplers); }},
      {"optimizer", [&] { print_registry(catalogue.optimizers); }},
      {"schedule", [&] { print_registry(catalogue.schedules); }},
      {"loop", [] { print_fields(fields_of<LoopOptions>()); }},
      {"metrics", [] { print_fields(fields_of<MetricsOptions>()); }},
      {"metric", [&] { print_metrics(catalogue.metrics); }},
      {"callback", [&] { print_registry(catalogue.callbacks); }},
      {"compare", [] { print_fields(fields_of<ComparisonOptions>()); }},
      {"tune",
       [] {
         print_fields(fields_of<TuningOptions>());
         show("  a range\n");
         print_fields(fields_of<ParameterRange::Options>());
       }},
  };
  std::vector<std::string> names;
  for (const auto& [name, print] : kinds) {
    names.push_back(name);
    if (!kind.empty() && kind != name && kind != name + "s") continue;
    show("{}{}\n", name, name == "schedule" ? " (optimizer_schedule, particle_schedule)" : "");
    print();
    if (!kind.empty()) return;
  }
  require(kind.empty(), "list: unknown kind \"{}\"; known: {}", kind, fmt::join(names, ", "));
}

}  // namespace ebm
