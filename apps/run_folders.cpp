#include "dualebm/apps/run_folders.hpp"

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"

namespace ebm {

RunDirectory create_run(const std::filesystem::path& path, bool force) {
  try {
    return RunDirectory::create(path, force);
  } catch (const RunExists& error) {
    fail("{}; --resume {} goes on with it, --force replaces it, --out chooses another", error.what(),
         path.string());
  } catch (const UserError& error) {
    fail("{}; choose another folder with --out", error.what());
  }
}

std::filesystem::path default_folder(const std::string& title) {
  const std::filesystem::path name(title);
  const bool one_name = !title.empty() && name.filename() == name && title != "." && title != ".." &&
                        title.find('\0') == std::string::npos;
  require(one_name, "title: \"{}\" is no name of a folder; choose the folder with --out", printable(title));
  return std::filesystem::path("runs") / name;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace ebm
