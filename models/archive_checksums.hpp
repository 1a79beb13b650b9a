#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ebm {

/// CRC-32 of zip, reflected polynomial 0xedb88320.
std::uint32_t zip_checksum(std::string_view bytes);

/// What the directory of a zip archive says that the checksums of its members are, by their whole names.
/// LibTorch reads its archives without looking at them. Source: PKWARE, APPNOTE.TXT, 4.3.12 and 4.3.16.
/// @param where  name of the file, for messages
/// @return nothing for an archive of more than 4 GB, whose directory is elsewhere
/// @throws UserError if there is no directory, or it does not end where the archive does
std::map<std::string, std::uint32_t> zip_checksums(std::string_view archive, const std::string& where);

}  // namespace ebm
