#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ebm {

/// Text for a person on standard error. That it cannot be written, to a closed descriptor or a full disk of
/// logs, is no error: what is being told about goes on.
void write_note(std::string_view text);

/// The same, formatted.
template <class... Arguments>
void note(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write_note(fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// A result on standard output. What cannot be written is remembered, see `output_failure`.
void write_result(std::string_view text);

/// The same, formatted.
template <class... Arguments>
void show(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write_result(fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// Columns of the terminal that results go to; none where they go to a file or a program.
std::optional<std::size_t> terminal_columns();

/// Whether notes and results go nowhere, of ranks that another one speaks for.
void mute_output(bool mute);

/// Writes out what is still held back. @return the error number of the first result that was lost; nothing if
/// none was
std::optional<int> output_failure();

}  // namespace ebm
