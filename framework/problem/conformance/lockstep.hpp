#pragma once

#include <functional>

namespace ebm {

/// Calls both on threads of their own that take turns at every operator of LibTorch: each begins an operator,
/// and the other goes on to its next. What one of them leaves in memory that both use, the other overwrites
/// before it is read, so that a data race which strikes once in a thousand calls strikes every time, and
/// without two threads in the same memory at once.
///
/// A thread that does not hand over within a second, because it waits for a lock of the other,
/// ends the taking of turns. Rethrows the first exception.
void in_lockstep(const std::function<void()>& first, const std::function<void()>& second);

/// Whether a body comes to an end, well or by an exception, in a copy of this process that it may crash: what
/// two threads in one vector can do. Half a minute is given to it.
bool survives(const std::function<void()>& body);

}  // namespace ebm
