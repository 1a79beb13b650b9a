# Writes OUT, a header with a hash over every public header under ROOT, names and content; leaves it alone if it is the
# same already.
cmake_minimum_required(VERSION 3.22)
foreach(room framework models trainers datasets apps)
  file(GLOB_RECURSE headers RELATIVE ${ROOT} ${ROOT}/${room}/*.hpp)
  list(SORT headers)
  foreach(header ${headers})
    file(SHA256 ${ROOT}/${header} hash)
    string(APPEND all "${header} ${hash}\n")
  endforeach()
endforeach()
string(SHA256 hash "${all}")
string(SUBSTRING ${hash} 0 12 hash)
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT [[#pragma once

/// A hash over all public headers of this build, by which a plugin that was compiled with others is known.
#define DUALEBM_HEADERS_HASH "@hash@"
]])
