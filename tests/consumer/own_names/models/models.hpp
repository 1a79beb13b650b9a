#pragma once
// A user's own header, whose name is one of ours.
inline constexpr const char* my_name = "spring";
