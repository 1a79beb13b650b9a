#include "dualebm/framework/settings/registry.hpp"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "tests/support/catalogue.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

/// The names that a reader knows, from its own refusal of a name that no option has.
std::string names_in_refusal(const std::string& message) {
  const std::string mark = "known here: ";
  return message.substr(message.find(mark) + mark.size());
}

/// With what has no default.
Json least_section(const std::string& name) {
  if (name == "sum") return {{"name", name}, {"parts", {{"global", {{"name", "mlp"}}}}}};
  return {{"name", name}};
}

template <class Registry>
void expect_entries_agree_with_themselves(const Registry& registry) {
  for (const auto& entry : registry.entries()) {
    const auto resolved = registry.read(least_section(entry.name), "section").resolved();
    EXPECT_EQ(registry.read(resolved, "section").resolved().dump(), resolved.dump()) << entry.name;
    std::vector<std::string> listed, written;
    for (const auto& field : entry.list()) listed.push_back(field.name);
    for (const auto& [key, value] : resolved.items()) {
      if (key != "name") written.push_back(key);
    }
    EXPECT_EQ(listed, written) << entry.name;
    auto unknown = least_section(entry.name);
    unknown["@"] = 1;
    const auto message = user_error([&] { registry.read(unknown, "section"); });
    EXPECT_EQ(names_in_refusal(message), fmt::format("{}", fmt::join(listed, ", "))) << entry.name;
  }
}

TEST(Registry, ListReaderAndWriterAgreeOnEveryOption) {
  expect_entries_agree_with_themselves(catalogue().domains);
  expect_entries_agree_with_themselves(catalogue().energies);
  expect_entries_agree_with_themselves(catalogue().optimizers);
  expect_entries_agree_with_themselves(catalogue().schedules);
  expect_entries_agree_with_themselves(catalogue().datasets);
  expect_entries_agree_with_themselves(catalogue().transforms);
  expect_entries_agree_with_themselves(catalogue().trainers);
  expect_entries_agree_with_themselves(catalogue().samplers);
  expect_entries_agree_with_themselves(catalogue().metrics);
  expect_entries_agree_with_themselves(catalogue().callbacks);
}

TEST(Registry, UnknownNameListsTheKnownOnesAndTheNearest) {
  const auto message = user_error([] { catalogue().domains.read({{"name", "shpere"}}, "domain"); });
  for (const char* part :
       {"domain.name: unknown domain \"shpere\"", "did you mean \"sphere\"?", "sphere, euclidean"}) {
    expect_contains(message, part);
  }
}

TEST(Registry, RefusesSectionsWithoutAName) {
  expect_contains(user_error([] { catalogue().domains.read(Json::object(), "domain"); }),
                  "domain.name: missing");
  expect_contains(user_error([] {
                    catalogue().domains.read({{"name", 3}}, "domain");
                  }),
                  "domain.name: expected a string");
  expect_contains(user_error([] { catalogue().domains.read("sphere", "domain"); }),
                  "domain: expected an object");
}

TEST(Registry, ErrorsInOptionsNameTheirPath) {
  const Json section = {{"name", "sphere"}, {"dimension", 1}};
  expect_contains(user_error([&] { catalogue().domains.read(section, "domain"); }),
                  "domain.dimension: expected an integer >= 2");
}

TEST(Registry, MakesWhatTheOptionsSay) {
  EXPECT_EQ(catalogue().domains.read({{"name", "sphere"}, {"dimension", 5}}, "domain").make({})->dimension(),
            5);
}

}  // namespace
}  // namespace ebm::testing
