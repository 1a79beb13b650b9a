#pragma once

#include <functional>
#include <string>

namespace ebm {

/// What a program does before it opens anything: descriptors of standard input, output and error that are
/// closed are taken, so that no file of a run gets their numbers and what is printed does not go into it;
/// a reader of the output who goes away, and a file that may not grow any longer, become errors where
/// they happen, not signals.
void prepare_process();

/// Runs the body.
/// @return its exit code; 2 after a user's error, 1 after one of the program, each one line on stderr
int explain_errors(const std::function<int()>& body);

/// One line on standard error. @return the code
int report_error(int code, const std::string& message);

/// The exit code of a program whose results may have been lost on their way to standard output: then it is 1,
/// with a line, or 141 without one where the reader has gone.
/// @param also_in_files  what it printed is in files too: a closed standard output is no error then
int after_output(int code, bool also_in_files);

}  // namespace ebm
