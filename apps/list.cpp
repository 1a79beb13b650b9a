#include <fmt/format.h>
#include <fmt/ranges.h>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

void print_fields(const std::vector<FieldDescription>& fields) {
  for (const auto& field : fields) {
    fmt::print("    {:<22} {}\n", field.name, field.meaning);
    fmt::print("    {:<22} {}; default {}\n", "", field.type, field.default_value);
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
    fmt::print("  {}: {}\n", entry.name, entry.meaning);
    print_fields(entry.list());
  }
}

void print_metrics() {
  for (const auto& entry : metrics()) {
    fmt::print("  {}: {}\n    {:<22} {}{}\n", entry.name, entry.label, entry.unit, entry.meaning,
               entry.better.empty() ? "" : "; " + entry.better + " is better");
  }
}

}  // namespace

void list(const std::string& kind) {
  const std::vector<std::pair<std::string, std::function<void()>>> kinds = {
      {"general", [] { print_fields(fields_of<GeneralOptions>()); }},
      {"domain", [] { print_registry(domains()); }},
      {"dataset", [] { print_registry(datasets()); }},
      {"transform", [] { print_registry(transforms()); }},
      {"energy", [] { print_registry(energies()); }},
      {"trainer", [] { print_registry(trainers()); }},
      {"optimizer", [] { print_registry(optimizers()); }},
      {"schedule", [] { print_registry(schedules()); }},
      {"loop", [] { print_fields(fields_of<LoopOptions>()); }},
      {"metrics", [] { print_fields(fields_of<Evaluator::Options>()); }},
      {"metric", print_metrics},
      {"compare", [] { print_fields(fields_of<ComparisonOptions>()); }},
  };
  std::vector<std::string> names;
  for (const auto& [name, print] : kinds) {
    names.push_back(name);
    if (!kind.empty() && kind != name && kind != name + "s") continue;
    fmt::print("{}{}\n", name, name == "schedule" ? " (optimizer_schedule, particle_schedule)" : "");
    print();
    if (!kind.empty()) return;
  }
  require(kind.empty(), "list: unknown kind \"{}\"; known: {}", kind, fmt::join(names, ", "));
}

}  // namespace ebm
