#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

template <class Product, class Context>
class Choice;

/// What all registries do alike, whatever they make; it knows JSON, which a header that
/// everybody includes need not.
namespace registry {

/// Options whose class is forgotten.
class Described {
 public:
  virtual ~Described() = default;
  virtual void describe(Fields& fields) = 0;  ///< walks over them, as their class does
};

/// The name in a section {"name": ..., options ...}. @throws UserError that lists the known ones
std::string chosen_name(const Json& section, const std::string& path, const std::string& kind,
                        const std::vector<std::string>& known);

/// Reads a section without its name into options, strictly. @param path  of it, for messages
void read(const Json& section, const std::string& path, Described& options);

/// The section {"name": name} with every option.
std::shared_ptr<const Json> section_of(const std::string& name, Described& options);

/// What `dualebm list` prints of options with their defaults.
std::vector<FieldDescription> fields_of(Described& options);

/// Options together with what makes a product of them.
template <class Product, class Context>
class Candidate : public Described {
 public:
  /// The product; may be called again.
  virtual std::shared_ptr<Product> make(const Context& context) const = 0;
};

/// Reads a section that names something of a registry.
template <class Product, class Context>
using Reader = std::function<Choice<Product, Context>(const Json& section, const std::string& path)>;

/// A candidate that is made of others of its registry.
template <class Product, class Context>
class Composite {
 public:
  virtual ~Composite() = default;
  /// Reads the sections among its options that name those. @param path  of its own section
  /// @return whether one of them is foreign, see Choice
  virtual bool read_parts(const Reader<Product, Context>& read, const std::string& path) = 0;
};

}  // namespace registry

/// A named choice: checked, with all defaults filled in, ready to be made.
template <class Product, class Context>
class Choice {
 public:
  std::string name;  ///< that it is registered by
  bool foreign =
      false;  ///< it, or a part of it, was added after what is this library's own, see Registry::close

  Choice() = default;  ///< none yet
  /// @param candidate  whose options have been read
  Choice(std::string given_name, std::shared_ptr<registry::Candidate<Product, Context>> candidate)
      : name(std::move(given_name)),
        resolved_(registry::section_of(name, *candidate)),
        candidate_(std::move(candidate)) {}

  /// The section with "name" and every option.
  const Json& resolved() const { return *resolved_; }
  /// The product; may be called again.
  std::shared_ptr<Product> make(const Context& context) const { return candidate_->make(context); }

 private:
  std::shared_ptr<const Json> resolved_;
  std::shared_ptr<const registry::Candidate<Product, Context>> candidate_;
};

/// Name -> class or function with typed options. Each room adds what it has in one explicit list; a program
/// or a plugin adds its own before a configuration is read:
///
///     catalogue.energies.add<Ring>("ring", "a ring on R²");                      // a class with T::Options
///     catalogue.datasets.add<CircleOptions>("circle", "a noisy circle", draw_circle);  // a function
///
/// What is made of others of its registry, as a sum is of energies, has Options that are a
/// registry::Composite: after `describe` they turn sections into choices, and leave the
/// resolved ones in their place.
///
/// @tparam Product  what is made, e.g. Energy
/// @tparam Context  what making one needs besides its options, e.g. the domain and a random stream
template <class Product, class Context>
class Registry {
  using Candidate = registry::Candidate<Product, Context>;

 public:
  /// One class, by its name.
  struct Entry {
    std::string name, meaning;                              ///< as `dualebm list` prints them
    std::function<std::shared_ptr<Candidate>()> candidate;  ///< with the default options

    /// Its options.
    std::vector<FieldDescription> list() const { return registry::fields_of(*candidate()); }
    /// The choice that options make. @param path  of their section, for messages @param reader  of parts
    Choice<Product, Context> read(const Json& options, const std::string& path,
                                  const registry::Reader<Product, Context>& reader = nullptr) const {
      auto chosen = candidate();
      registry::read(options, path, *chosen);
      auto* composite = dynamic_cast<registry::Composite<Product, Context>*>(chosen.get());
      const bool foreign = composite != nullptr && reader && composite->read_parts(reader, path);
      Choice<Product, Context> choice(name, std::move(chosen));
      choice.foreign = foreign;
      return choice;
    }
    /// A choice whose default options have been walked by `edit`, which may change any of them, unchecked:
    /// what C++ can do. The test that every class checks its options plants its mistakes here.
    Choice<Product, Context> edited(Fields& edit) const {
      auto chosen = candidate();
      chosen->describe(edit);
      return {name, std::move(chosen)};
    }
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
                        []([[maybe_unused]] const Context& context, const Options& options) {
                          if constexpr (std::is_constructible_v<T, const Context&, const Options&>) {
                            return std::make_shared<T>(context, options);
                          } else {
                            static_assert(std::is_constructible_v<T, const Options&>,
                                          "this class needs a constructor (const Context&, const Options&)");
                            return std::make_shared<T>(options);
                          }
                        });
  }

  /// Adds a function. @param make  (const Context&, const Options&) -> Product, or a std::shared_ptr to one
  template <class Options, class Make>
  Registry& add(std::string name, std::string meaning, Make make) {
    static_assert(std::is_invocable_v<Make, const Context&, const Options&>,
                  "this function must take (const Context&, const Options&)");
    for (const auto& other : names()) {
      require(other != name, "{} \"{}\": the name is taken; choose another", kind_, name);
    }
    entries_.push_back({.name = std::move(name), .meaning = std::move(meaning), .candidate = [make] {
                          return std::make_shared<Bound<Options, Make>>(make);
                        }});
    return *this;
  }

  /// Reads {"name": ..., options ...}. An unknown name is an error that lists the known ones.
  Choice<Product, Context> read(const Json& section, const std::string& path) const {
    const auto& chosen = entry(registry::chosen_name(section, path, kind_, names()));
    auto choice = chosen.read(
        section, path, [this](const Json& part, const std::string& where) { return read(part, where); });
    choice.foreign = choice.foreign || static_cast<std::size_t>(&chosen - entries_.data()) >= own_;
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
  /// A candidate that is a composite where its options are one.
  class CompositeCandidate : public Candidate, public registry::Composite<Product, Context> {};
  template <class Options>
  static constexpr bool is_composite = std::is_base_of_v<registry::Composite<Product, Context>, Options>;

  template <class Options, class Make>
  class Bound final : public std::conditional_t<is_composite<Options>, CompositeCandidate, Candidate> {
   public:
    explicit Bound(Make function) : make_(std::move(function)) {}
    void describe(Fields& fields) override { options_.describe(fields); }
    std::shared_ptr<Product> make(const Context& context) const override {
      using Made = std::invoke_result_t<const Make&, const Context&, const Options&>;
      if constexpr (std::is_same_v<Made, Product>) {
        return std::make_shared<Product>(make_(context, options_));
      } else {
        return make_(context, options_);
      }
    }

    /// Overrides that of a composite.
    bool read_parts([[maybe_unused]] const registry::Reader<Product, Context>& read,
                    [[maybe_unused]] const std::string& path) {
      if constexpr (is_composite<Options>) return options_.read_parts(read, path);
      return false;
    }

   private:
    Make make_;
    Options options_;
  };

  std::string kind_;
  std::vector<Entry> entries_;
  std::size_t own_ = 0;
};

}  // namespace ebm
