# A project of a user's own that builds dualebm from its sources, within itself: by add_subdirectory, down to a program
# that runs, and by FetchContent, down to its object file.
cmake_minimum_required(VERSION 3.22)
file(REMOVE_RECURSE ${WORK})
foreach(way add_subdirectory FetchContent)
  set(target my_ebm)
  if(way STREQUAL "FetchContent")
    set(target CMakeFiles/my_ebm.dir/main.cpp.o)
  endif()
  execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${SOURCE} -B ${WORK}/${way} -DWAY=${way} -DDUALEBM=${DUALEBM}
                          -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}
                  COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/${way} --parallel 2 --target ${target}
                  RESULT_VARIABLE code OUTPUT_VARIABLE log ERROR_VARIABLE log)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${way}: the project does not build:\n${log}")
  endif()
  # Nothing of ours is installed with the user's project, and none of our tests are among the user's.
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${WORK}/${way} --prefix ${WORK}/${way}/prefix
                  COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
  file(GLOB installed ${WORK}/${way}/prefix/*)
  if(installed)
    message(FATAL_ERROR "${way}: a user's project installs files of dualebm: ${installed}")
  endif()
endforeach()
execute_process(COMMAND ${WORK}/add_subdirectory/my_ebm RESULT_VARIABLE code OUTPUT_VARIABLE out)
if(NOT code EQUAL 0 OR NOT out STREQUAL "|x|^2/2 at (3, 4): 12.5\n")
  message(FATAL_ERROR "The program ended with ${code} and said: ${out}")
endif()
