#include "dualebm/datasets/files/npz.hpp"

#include "dualebm/datasets/files/column_names.hpp"
#include "dualebm/datasets/files/file_kind.hpp"
#include "dualebm/datasets/files/zip.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {

std::string npz_array(std::string_view bytes, const std::string& array, const std::string& name) {
  constexpr std::string_view ending = ".npy";
  std::vector<std::string> names;
  const auto entries = zip_directory(bytes, name);
  const ZipEntry *only = nullptr, *chosen = nullptr;
  for (const auto& entry : entries) {
    if (!entry.name.ends_with(ending)) continue;
    names.push_back(entry.name.substr(0, entry.name.size() - ending.size()));
    only = &entry;
    if (names.back() == array || entry.name == array) {
      require(chosen == nullptr, "{}: two arrays are called {}", name, printable(array));
      chosen = &entry;
    }
  }
  if (names.empty()) {
    require_no_archive(bytes, name);
    fail("{}: a zip archive without an array of NumPy", name);
  }
  if (array.empty()) {
    require(names.size() == 1, "{}: has the arrays {}; choose one: --set dataset.array={}", name,
            listed(names), printable(names[0]));
    return unzip(bytes, *only, name);
  }
  require(chosen != nullptr, "{}: has no array {}; it has {}", name, printable(array), listed(names));
  return unzip(bytes, *chosen, name);
}

}  // namespace ebm
