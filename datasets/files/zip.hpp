#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ebm {

/// One file of a zip archive, as its directory says.
struct ZipEntry {
  std::string name;                            ///< with the folders of the archive: "data/x.npy"
  std::uint16_t method = 0;                    ///< 0 stored, 8 deflated
  std::uint32_t checksum = 0;                  ///< CRC-32 of what is unpacked
  std::uint64_t packed = 0, size = 0, at = 0;  ///< bytes; where its own header begins
};

/// The directory of a zip archive, with the fields of 64 bits where there are some.
///
/// Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", 6.3.10, section 4.3.
/// @param bytes  of the whole file @param name  of the file, for messages
/// @throws UserError for what is no zip archive or no whole one.
std::vector<ZipEntry> zip_directory(std::string_view bytes, const std::string& name);

/// What an entry holds. @throws UserError if it is encrypted, packed by another method than deflate, damaged,
/// or larger than unpack_limit.
std::string unzip(std::string_view bytes, const ZipEntry& entry, const std::string& name);

}  // namespace ebm
