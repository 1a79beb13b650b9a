#pragma once

#include <filesystem>
#include <string>

#include "dualebm/framework/storage/run_directory.hpp"

namespace ebm {

/// RunDirectory::create, whose errors say which options help.
RunDirectory create_run(const std::filesystem::path& path, bool force);

/// runs/ and a title, where --out names no folder. @throws UserError for a title that would leave runs/
std::filesystem::path default_folder(const std::string& title);

std::string first_line(const std::string& text);

}  // namespace ebm
