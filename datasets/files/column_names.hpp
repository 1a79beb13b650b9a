#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ebm {

/// Names for a message: joined by commas, printable, and no more than fit into a line.
std::string listed(const std::vector<std::string>& names);

/// A value for `--set key=`: a,b where no name has a comma or a blank, else a quoted array.
std::string as_list_option(const std::string& key, const std::vector<std::string>& names);

/// The columns called `name`: as it is spelt, else whatever its case, else x0, x1, ... by their place.
/// @param place  start of the message: the file, or "FILE:LINE" @throws UserError if there is none.
std::vector<std::size_t> find_columns(const std::vector<std::string>& header, const std::string& name,
                                      const std::string& place);

/// The one column called `name`. @throws UserError if there is none, or several, with their places.
std::size_t find_column(const std::vector<std::string>& header, const std::string& name,
                        const std::string& place);

/// Whether a name is one that catalogues use for the latitude: lat, Latitude, LAT_DEG, decimalLatitude,
/// "Latitude (deg)", ...
bool means_latitude(const std::string& name);
bool means_longitude(const std::string& name);

/// The one column whose name satisfies `means`; none if none does.
/// @param what  it is, for messages: "latitude" @throws UserError if several columns do.
std::optional<std::size_t> usual_column(const std::vector<std::string>& header,
                                        bool (*means)(const std::string&), const std::string& what,
                                        const std::string& place);

}  // namespace ebm
