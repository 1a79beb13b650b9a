#pragma once

#include <string_view>
#include <vector>

/// Attributes of a kernel compiled for one instruction set, in a program that starts on any x86-64 processor:
///
///     template <int bytes> inline __attribute__((always_inline)) void scale(float* x, std::int64_t count)
///     {...} void scale_portable(float* x, std::int64_t count) { scale<16>(x, count); } EBM_AVX2 void
///     scale_avx2(float* x, std::int64_t count) { scale<32>(x, count); } EBM_AVX512 void scale_avx512(float*
///     x, std::int64_t count) { scale<64>(x, count); }
///
/// Empty, as `instruction_set()` is `portable`, with other processors and compilers.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define EBM_HAS_INSTRUCTION_SETS 1
#define EBM_AVX2 __attribute__((target("arch=x86-64-v3")))
#define EBM_AVX512 __attribute__((target("arch=x86-64-v4")))
#else
#define EBM_HAS_INSTRUCTION_SETS 0
#define EBM_AVX2
#define EBM_AVX512
#endif

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

}  // namespace ebm
