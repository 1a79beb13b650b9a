#pragma once

namespace ebm {

/// Keeps freed memory in the process. LibTorch takes and frees megabytes in every operator; by default the C
/// library gives them back to the system each time, and the page faults cost up to a quarter of a run. For a
/// program to call once, before it works; does nothing with other C libraries than glibc.
void keep_freed_memory();

}  // namespace ebm
