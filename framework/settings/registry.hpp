#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// A named choice read from a configuration: checked, with all defaults filled in, ready to be made.
template <class Product, class Context>
struct Choice {
  std::string name;                                              ///< of the entry
  Json resolved;                                                 ///< the section with "name" and every option
  std::function<std::shared_ptr<Product>(const Context&)> make;  ///< makes it
};

/// Something that a registry can make by itself: `Options` that describe their fields, and a constructor from
/// a context and them.
template <class T, class Context>
concept Registrable = requires(typename T::Options options, const Context& context, Fields& fields) {
  options.describe(fields);
  T(context, options);
};

/// Name -> factory with typed options. Each room fills one of these in one explicit list; a program or a
/// plugin adds its own before it reads a configuration:
///
///     energies().add<Ring>("ring", "a ring on R²");
///
/// @tparam Product  what is made, e.g. Energy
/// @tparam Context  what making one needs besides its options, e.g. the domain and a random stream
template <class Product, class Context>
class Registry {
 public:
  /// One name.
  struct Entry {
    std::string name;                                     ///< by which a configuration asks for it
    std::string meaning;                                  ///< in one line
    std::function<std::vector<FieldDescription>()> list;  ///< its options with their defaults
    /// From its section at that path.
    std::function<Choice<Product, Context>(const Json& options, const std::string& path)> read;
  };

  /// @param kind  what the entries are, for messages: "energy"
  explicit Registry(std::string kind) : kind_(std::move(kind)) {}

  /// Adds a class that is made from a context and its own options. @throws UserError if the name is taken.
  template <Registrable<Context> T>
  Registry& add(std::string name, std::string meaning) {
    return add<typename T::Options>(std::move(name), std::move(meaning),
                                    [](const typename T::Options& options, const Context& context) {
                                      return std::make_shared<T>(context, options);
                                    });
  }

  /// @param make  (const Options&, const Context&) -> std::shared_ptr<Product>
  template <class Options, class Make>
  Registry& add(std::string name, std::string meaning, Make make) {
    for (const auto& other : names()) {
      require(other != name, "{} \"{}\": the name is taken; choose another", kind_, name);
    }
    Entry entry{.name = name, .meaning = std::move(meaning), .list = {}, .read = {}};
    entry.list = [] {
      FieldLister lister;
      Options().describe(lister);
      return lister.descriptions;
    };
    entry.read = [name, make](const Json& section, const std::string& path) {
      auto options = read_options<Options>(section, path);
      Choice<Product, Context> choice{.name = name, .resolved = {{"name", name}}, .make = {}};
      FieldWriter writer(choice.resolved);
      options.describe(writer);
      choice.make = [options, make](const Context& context) -> std::shared_ptr<Product> {
        return make(options, context);
      };
      return choice;
    };
    entries_.push_back(std::move(entry));
    return *this;
  }

  /// Reads {"name": ..., options ...}. An unknown name is an error that lists the known ones.
  Choice<Product, Context> read(const Json& section, const std::string& path) const {
    require(section.is_object(), "{}: expected an object with a \"name\", found {}", path, section.dump());
    require(section.contains("name"), "{}.name: missing; the {} is one of {}", path, kind_, known());
    require(section["name"].is_string(), "{}.name: expected a string, found {}", path,
            section["name"].dump());
    const auto name = section["name"].template get<std::string>();
    for (const auto& entry : entries_) {
      if (entry.name != name) continue;
      Json options = section;
      options.erase("name");
      return entry.read(options, path);
    }
    const auto near = nearest_name(name, names());
    fail("{}.name: unknown {} \"{}\"{}; known: {}", path, kind_, name,
         near ? fmt::format(" (did you mean \"{}\"?)", *near) : "", known());
  }

  /// In the order in which they were added.
  const std::vector<Entry>& entries() const { return entries_; }
  /// What the entries are.
  const std::string& kind() const { return kind_; }

  /// Of all entries.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : entries_) result.push_back(entry.name);
    return result;
  }

 private:
  std::string known() const {
    std::string text;
    for (const auto& entry : entries_) text += (text.empty() ? "" : ", ") + entry.name;
    return text;
  }

  std::string kind_;
  std::vector<Entry> entries_;
};

}  // namespace ebm
