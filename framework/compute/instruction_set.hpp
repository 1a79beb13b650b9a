#pragma once

#include <string_view>
#include <vector>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define EBM_HAS_INSTRUCTION_SETS 1
#define EBM_AVX2 __attribute__((target("arch=x86-64-v3")))
#define EBM_AVX512 __attribute__((target("arch=x86-64-v4")))
// The same source for vectors of each width: an entry is chosen when the program starts.
#define EBM_FOR_EACH_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EBM_HAS_INSTRUCTION_SETS 0
#define EBM_AVX2
#define EBM_AVX512
#define EBM_FOR_EACH_WIDTH
#endif
#define EBM_INLINE inline __attribute__((always_inline))

namespace ebm {

/// What kernels are compiled for, in ascending order: any processor; x86-64-v3 (AVX2, FMA); x86-64-v4
/// (AVX-512 F, BW, CD, DQ, VL).
enum class InstructionSet { portable, avx2, avx512 };

/// "portable", "avx2", "avx512".
std::string_view to_string(InstructionSet set);

/// Those that this processor has, in ascending order; `portable` is always the first.
const std::vector<InstructionSet>& instruction_sets();

/// What kernels are to use: the best that this processor has, unless `set_instruction_set` said otherwise.
InstructionSet instruction_set();

/// For tests and measurements; holds for all threads. @throws UserError for one that this processor lacks.
void set_instruction_set(InstructionSet set);

template <class Kernel, class... Arguments>
void run_portable(Arguments... arguments) {
  Kernel::template run<16>(arguments...);
}

template <class Kernel, class... Arguments>
EBM_AVX2 void run_avx2(Arguments... arguments) {
  Kernel::template run<32>(arguments...);
}

template <class Kernel, class... Arguments>
EBM_AVX512 void run_avx512(Arguments... arguments) {
  Kernel::template run<64>(arguments...);
}

/// Runs a kernel with the instructions that there are, in a program that starts on any x86-64 processor. A
/// kernel is one source over the size of its vectors in bytes, inlined into the three entries above, each of
/// which is compiled for its instruction set:
///
///     struct Scale {
///       template <int bytes>
///       static EBM_INLINE void run(float* numbers, std::int64_t count);
///     };
///     run_kernel<Scale>(numbers, count);
///
/// With other processors and compilers all are alike, and `portable` is all there is.
template <class Kernel, class... Arguments>
void run_kernel(Arguments... arguments) {
  switch (instruction_set()) {
    case InstructionSet::portable:
      return run_portable<Kernel>(arguments...);
    case InstructionSet::avx2:
      return run_avx2<Kernel>(arguments...);
    case InstructionSet::avx512:
      return run_avx512<Kernel>(arguments...);
  }
}

}  // namespace ebm
