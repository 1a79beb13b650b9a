# What is installed: headers, the five libraries, the program, the configurations; found again by find_package(dualebm)
# or pkg-config, and packed by `make package`.
set(DUALEBM_ROOMS dualebm_framework dualebm_models dualebm_trainers dualebm_datasets dualebm_apps)
set(EXPORTED ${DUALEBM_ROOMS})
if(TARGET dualebm_torch)
  list(APPEND EXPORTED dualebm_torch)
endif()
install(TARGETS dualebm ${EXPORTED} EXPORT dualebmTargets)
install(DIRECTORY framework models trainers datasets apps DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dualebm
        FILES_MATCHING PATTERN "*.hpp" PATTERN "report" EXCLUDE PATTERN "configs" EXCLUDE PATTERN "docs" EXCLUDE)
install(FILES ${HEADERS_HASH} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dualebm/framework/experiment)
install(DIRECTORY apps/configs DESTINATION ${CMAKE_INSTALL_DATADIR}/dualebm)

# find_package(dualebm COMPONENTS models trainers): every room is a component.
include(CMakePackageConfigHelpers)
set(PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/dualebm)
configure_package_config_file(framework/dualebmConfig.cmake.in ${PROJECT_BINARY_DIR}/generated/dualebmConfig.cmake
                              INSTALL_DESTINATION ${PACKAGE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/dualebmConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/dualebmConfig.cmake
              ${PROJECT_BINARY_DIR}/generated/dualebmConfigVersion.cmake DESTINATION ${PACKAGE_DIR})
install(EXPORT dualebmTargets NAMESPACE dualebm:: DESTINATION ${PACKAGE_DIR})

# pkg-config: LibTorch in plain flags, without the folders that a compiler knows by itself (to name /usr/include breaks
# <cstdlib>). The prefix is where the file lies.
set(TORCH_INCLUDE_FLAGS "")
foreach(folder ${TORCH_INCLUDE_DIRS})
  if(NOT folder IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
    string(APPEND TORCH_INCLUDE_FLAGS " -isystem ${folder}")
  endif()
endforeach()
set(TORCH_LINK_FLAGS "")
if(LIBTORCH)
  set(TORCH_LINK_FLAGS "-L${LIBTORCH}/lib -Wl,-rpath,${LIBTORCH}/lib -Wl,--allow-shlib-undefined")
else()
  get_target_property(folder torch LOCATION)
  get_filename_component(folder "${folder}" DIRECTORY)
  if(NOT folder IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
    set(TORCH_LINK_FLAGS "-L${folder} -Wl,-rpath,${folder}")
  endif()
endif()
file(RELATIVE_PATH PREFIX_FROM_HERE /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" PREFIX_FROM_HERE ${PREFIX_FROM_HERE})
configure_file(framework/dualebm.pc.in ${PROJECT_BINARY_DIR}/generated/dualebm.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/generated/dualebm.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# A Debian package, whose dependencies are those of the libraries themselves.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dualebm)
set(CPACK_PACKAGE_CONTACT "dualebm <dualebm@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION "The program dualebm, its libraries, headers, a CMake package and a pkg-config file. \
It trains energy-based models by maximum likelihood, by gradient descent-ascent on its dual and by score matching, \
and exports them to TorchScript. Programs of your own and plugins need libtorch-dev, libfmt-dev and \
nlohmann-json3-dev as well.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS libopenblas0-pthread)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libtorch-dev, libfmt-dev, nlohmann-json3-dev, cmake, g++")
include(CPack)
