#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ebm {

/// The most that `packed` bytes may unpack to: 1 GiB, or 20 times as many if that is more. What would be
/// larger is refused, for a few kilobytes can be made to fill any memory.
std::uint64_t unpack_limit(std::size_t packed);

enum class Deflate { gzip, raw };

/// Appends what a deflate stream (RFC 1951) at the start of `packed` holds, in a gzip member (RFC 1952) or
/// raw as in a zip.
/// @param limit  of the size of `unpacked` @param name  of the file, for messages
/// @return the length of the stream in `packed`
/// @throws UserError if the data are damaged, end early or are more than the limit.
std::size_t inflate_into(std::string& unpacked, std::string_view packed, Deflate form, std::uint64_t limit,
                         const std::string& name);

}  // namespace ebm
