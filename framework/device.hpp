#pragma once

#include <c10/core/Device.h>

#include <string>

namespace ebm {

/// "cpu", "cuda" or "cuda:I". @throws UserError if it is none of these, or not there.
c10::Device parse_device(const std::string& text);

/// Number of processor cores this process may use.
int available_cores();

}  // namespace ebm
