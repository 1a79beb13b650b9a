#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// A named choice: checked, with all defaults filled in, ready to be made.
template <class Product, class Context>
struct Choice {
  std::string name;      ///< that it is registered by
  bool foreign = false;  ///< added to the registry after those of this library, see Registry::close
  Json resolved;         ///< the section with "name" and every option
  std::function<std::shared_ptr<Product>(const Context&)> make;  ///< the product; may be called again
};

/// What all registries do alike, whatever they make.
namespace registry {

/// The name in a section {"name": ..., options ...}. @throws UserError that lists the known ones
std::string chosen_name(const Json& section, const std::string& path, const std::string& kind,
                        const std::vector<std::string>& known);

/// A section without its name: the options.
Json options_of(const Json& section);

/// {"name": name}, to which the options are written.
Json named_section(const std::string& name);

}  // namespace registry

/// Name -> factory with typed options. Each room adds what it has in one explicit list; a program or a plugin
/// adds its own before a configuration is read:
///
///     catalogue.energies.add<Ring>("ring", "a ring on R²");
///
/// @tparam Product  what is made, e.g. Energy
/// @tparam Context  what making one needs besides its options, e.g. the domain and a random stream
template <class Product, class Context>
class Registry {
 public:
  /// One class, by its name.
  struct Entry {
    std::string name, meaning;                            ///< as `dualebm list` prints them
    std::function<std::vector<FieldDescription>()> list;  ///< its options
    /// The choice that options make. @param path  of their section, for messages
    std::function<Choice<Product, Context>(const Json& options, const std::string& path)> read;
    /// A choice whose default options have been walked by `edit`, which may change any of them, unchecked: what
    /// C++ can do. The test that every class checks its options plants its mistakes here.
    std::function<Choice<Product, Context>(Fields& edit)> edited;
  };

  /// @param kind  what the entries are, for messages: "energy"
  explicit Registry(std::string kind) : kind_(std::move(kind)) {}

  /// Adds a class T with `T::Options` that describe their fields and a constructor (const Context&, const
  /// T::Options&), or (const T::Options&) where it needs no context. @throws UserError if the name is taken.
  template <class T>
  Registry& add(std::string name, std::string meaning) {
    static_assert(std::is_base_of_v<Product, T>, "this class is none of what the registry makes");
    static_assert(!std::is_abstract_v<T>,
                  "this class is abstract: the function that its base leaves open is missing or has another "
                  "signature (an Energy: torch::Tensor forward(const torch::Tensor&) override)");
    static_assert(
        requires(typename T::Options options, Fields & fields) { options.describe(fields); },
        "this class needs a struct Options with void describe(ebm::Fields&)");
    using Options = typename T::Options;
    return add<Options>(std::move(name), std::move(meaning),
                        [](const Options& options, [[maybe_unused]] const Context& context) {
                          if constexpr (std::is_constructible_v<T, const Context&, const Options&>) {
                            return std::make_shared<T>(context, options);
                          } else {
                            static_assert(std::is_constructible_v<T, const Options&>,
                                          "this class needs a constructor (const Context&, const Options&)");
                            return std::make_shared<T>(options);
                          }
                        });
  }

  /// @param make  (const Options&, const Context&) -> std::shared_ptr<Product>
  template <class Options, class Make>
  Registry& add(std::string name, std::string meaning, Make make) {
    for (const auto& other : names()) {
      require(other != name, "{} \"{}\": the name is taken; choose another", kind_, name);
    }
    const auto choice_of = [name, make](Options options) {
      Choice<Product, Context> choice{
          .name = name, .foreign = false, .resolved = registry::named_section(name), .make = {}};
      FieldWriter writer(choice.resolved);
      options.describe(writer);
      choice.make = [options, make](const Context& context) -> std::shared_ptr<Product> {
        return make(options, context);
      };
      return choice;
    };
    entries_.push_back({.name = name,
                        .meaning = std::move(meaning),
                        .list =
                            [] {
                              FieldLister lister;
                              Options().describe(lister);
                              return lister.descriptions;
                            },
                        .read =
                            [choice_of](const Json& section, const std::string& path) {
                              return choice_of(read_options<Options>(section, path));
                            },
                        .edited =
                            [choice_of](Fields& edit) {
                              Options options;
                              options.describe(edit);
                              return choice_of(options);
                            }});
    return *this;
  }

  /// Reads {"name": ..., options ...}. An unknown name is an error that lists the known ones.
  Choice<Product, Context> read(const Json& section, const std::string& path) const {
    const auto name = registry::chosen_name(section, path, kind_, names());
    auto choice = entry(name).read(registry::options_of(section), path);
    const auto place = static_cast<std::size_t>(&entry(name) - entries_.data());
    choice.foreign = place >= own_;
    return choice;
  }

  /// @throws UserError if there is none of this name
  const Entry& entry(const std::string& name) const {
    for (const auto& candidate : entries_) {
      if (candidate.name == name) return candidate;
    }
    fail("unknown {} \"{}\"", kind_, name);
  }

  /// What is here now is this library's own and has been tested; what comes later is somebody else's.
  void close() { own_ = entries_.size(); }

  const std::vector<Entry>& entries() const { return entries_; }  ///< in the order they were added
  const std::string& kind() const { return kind_; }               ///< what the entries are: "energy"

  /// Of all entries, in their order.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : entries_) result.push_back(entry.name);
    return result;
  }

 private:
  std::string kind_;
  std::vector<Entry> entries_;
  std::size_t own_ = 0;
};

}  // namespace ebm
