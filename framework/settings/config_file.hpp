#pragma once

#include <string>

#include "dualebm/framework/settings/fields.hpp"

namespace ebm {

/// Reads a configuration file; a syntax error names file, line and column. Comments (`//`) are allowed.
Json read_json_file(const std::string& path);

/// The same for the text of a file. @param path  for messages
Json read_json_text(const std::string& text, const std::string& path);

/// Applies one command-line override "a.b.c=value". The value is JSON where it parses as JSON, text
/// otherwise.
void apply_override(Json& configuration, const std::string& assignment);

/// The same with path and value apart.
void set_path(Json& configuration, const std::string& path, Json value);

}  // namespace ebm
