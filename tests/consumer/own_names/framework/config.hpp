#pragma once
// A user's own header, whose name was one of ours.
inline constexpr double my_stiffness = 2;
