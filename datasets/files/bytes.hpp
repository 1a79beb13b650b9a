#pragma once

#include <filesystem>
#include <string>

namespace ebm {

/// The whole of a file. What gzip has packed comes out unpacked, whatever the file is called.
/// @throws UserError naming the file if it cannot be read, or if its gzip data are damaged or end early.
std::string read_bytes(const std::filesystem::path& path);

/// Unpacks gzip (RFC 1952), several members in a row included; other bytes come back as they are.
/// @param name  of the file, for messages
std::string unpack_gzip(std::string bytes, const std::string& name);

}  // namespace ebm
