#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace ebm {

/// The whole of a file. What gzip has packed comes out unpacked, whatever the file is called.
/// @throws UserError naming the file if it cannot be read, is a folder, a pipe or a device, or if its gzip
/// data are damaged, end early or unpack to more than unpack_limit allows.
std::string read_bytes(const std::filesystem::path& path);

/// Unpacks gzip (RFC 1952), several members in a row included; other bytes come back as they are.
/// @param name  of the file, for messages
std::string unpack_gzip(std::string bytes, const std::string& name);

/// The same with a limit of one's own for what comes out, in bytes.
std::string unpack_gzip(std::string bytes, const std::string& name, std::uint64_t limit);

}  // namespace ebm
