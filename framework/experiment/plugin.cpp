#include "dualebm/framework/experiment/plugin.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <string_view>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

template <class Function>
Function* entry(void* library, const char* name, const std::string& path) {
  void* address = ::dlsym(library, name);
  require(address != nullptr,
          "--plugin {}: not a plugin: it has no {}; see DUALEBM_PLUGIN in framework/experiment/plugin.hpp",
          path, name);
  return reinterpret_cast<Function*>(address);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

void load_plugin(const std::string& path, Catalogue& catalogue) {
  require(std::filesystem::is_regular_file(path), "--plugin {}: no such file", path);
  void* library = ::dlopen(std::filesystem::absolute(path).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) fail("--plugin {}: cannot be loaded: {}", path, first_line(::dlerror()));
  const std::string_view identity = entry<const char*()>(library, "dualebm_plugin_identity", path)();
  require(identity == build_identity, "--plugin {}: built for {}, and this is {}; build it again", path,
          identity, build_identity);
  const auto enrol = entry<void(Catalogue&)>(library, "dualebm_plugin_register", path);
  try {
    enrol(catalogue);
  } catch (const std::exception& error) {
    fail("--plugin {}: it failed to register: {}", path, first_line(error.what()));
  } catch (...) {
    fail("--plugin {}: it failed to register: it threw something that is no std::exception", path);
  }
}

}  // namespace ebm
