#pragma once

#include <string>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/comparison/comparison_folder.hpp"

namespace ebm {

/// What `compare` or `tune` is asked for.
/// @param options whose device becomes that of the trainings, where they are taken up
/// @throws UserError for options that contradict one another, and a folder to go on with that is none of the
/// program
ComparisonRequest request_of(QueueOptions& options, const std::string& program);

/// The folder of a request, absolute where it is taken up. @param title  of the configuration
std::filesystem::path root_of(const QueueOptions& options, const std::string& program,
                              const std::string& title);

/// Refuses a folder that holds results which nobody has said shall go on or be replaced.
void require_free(const ComparisonFolder& folder, const QueueOptions& options);

/// That not all has ended: what it is, and how to go on. @return the exit code
int say_incomplete(const ComparisonFolder& folder, const std::string& program, const std::string& done);

}  // namespace ebm
