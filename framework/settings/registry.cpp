#include "dualebm/framework/settings/registry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ebm::registry {

std::string chosen_name(const Json& section, const std::string& path, const std::string& kind,
                        const std::vector<std::string>& known) {
  const auto listed = fmt::format("{}", fmt::join(known, ", "));
  require(section.is_object(), "{}: expected an object with a \"name\", found {}", path, section.dump());
  require(section.contains("name"), "{}.name: missing; the {} is one of {}", path, kind, listed);
  require(section["name"].is_string(), "{}.name: expected a string, found {}", path, section["name"].dump());
  auto name = section["name"].get<std::string>();
  if (std::find(known.begin(), known.end(), name) != known.end()) return name;
  const auto near = nearest_name(name, known);
  fail("{}.name: unknown {} \"{}\"{}; known: {}", path, kind, name,
       near ? fmt::format(" (did you mean \"{}\"?)", *near) : "", listed);
}

void read(const Json& section, const std::string& path, Described& options) {
  Json fields = section;
  fields.erase("name");
  FieldReader reader(fields, path);
  options.describe(reader);
  reader.finish();
}

std::shared_ptr<const Json> section_of(const std::string& name, Described& options) {
  auto section = std::make_shared<Json>(Json{{"name", name}});
  FieldWriter writer(*section);
  options.describe(writer);
  return section;
}

std::vector<FieldDescription> fields_of(Described& options) {
  FieldLister lister;
  options.describe(lister);
  return std::move(lister.descriptions);
}

}  // namespace ebm::registry
