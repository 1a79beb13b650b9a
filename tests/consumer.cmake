# A project of a user's own against an installed package: its program and its plugin train the same energy to the same
# numbers, and what is no plugin is refused in one line.
cmake_minimum_required(VERSION 3.22)

function(run)
  cmake_parse_arguments(RUN "" "CODE;ERROR" "OUT;COMMAND" ${ARGN})
  execute_process(COMMAND ${RUN_COMMAND} WORKING_DIRECTORY ${WORK} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE error)
  if(NOT code EQUAL ${RUN_CODE})
    message(FATAL_ERROR "${RUN_COMMAND}\nended with ${code} instead of ${RUN_CODE}:\n${out}${error}")
  endif()
  foreach(part ${RUN_OUT})
    string(FIND "${out}" "${part}" place)
    if(place EQUAL -1)
      message(FATAL_ERROR "${RUN_COMMAND}\ndid not print \"${part}\":\n${out}")
    endif()
  endforeach()
  if(DEFINED RUN_ERROR)
    string(FIND "${error}" "${RUN_ERROR}" place)
    string(REGEX MATCHALL "\n" lines "${error}")
    list(LENGTH lines count)
    if(place EQUAL -1 OR NOT count EQUAL 1)
      message(FATAL_ERROR "${RUN_COMMAND}\nshould say \"${RUN_ERROR}\" in one line of stderr:\n${error}")
    endif()
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(CODE 0 COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(CODE 0 COMMAND ${CMAKE_COMMAND} -G Ninja -S ${SOURCE} -B ${WORK}/build -DCMAKE_PREFIX_PATH=${WORK}/prefix
                   -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(CODE 0 COMMAND ${CMAKE_COMMAND} --build ${WORK}/build)

set(DUALEBM ${WORK}/prefix/bin/dualebm)
set(MINE ${WORK}/build/my_ebm)
set(PLUGIN ${WORK}/build/libmy_energy.so)
set(CONFIG ${SOURCE}/ring.json)

# Listed with their options, from the one declaration.
run(CODE 0 OUT "ring: a ring on R²" COMMAND ${MINE} list energy)
run(CODE 0 OUT "number > 0; default 2" COMMAND ${DUALEBM} list energy --plugin ${PLUGIN})
run(CODE 2 ERROR "energy.radios: unknown key (did you mean \"radius\"?)"
    COMMAND ${MINE} train ${CONFIG} --set energy.radios=1)

# Both ways end in the same energy, and it is the right one: the radius of the data.
run(CODE 0 COMMAND ${MINE} train ${CONFIG} --out ${WORK}/own)
run(CODE 0 COMMAND ${DUALEBM} train ${CONFIG} --plugin ${PLUGIN} --out ${WORK}/plugged)
file(SHA256 ${WORK}/own/model.ebm own)
file(SHA256 ${WORK}/plugged/model.ebm plugged)
if(NOT own STREQUAL plugged)
  message(FATAL_ERROR "The program and the plugin trained different energies")
endif()
execute_process(COMMAND ${DUALEBM} evaluate ${WORK}/plugged --plugin ${PLUGIN} --json OUTPUT_VARIABLE metrics)
string(JSON nll GET "${metrics}" nll_test)
# The entropy of a ring of radius 1.5 with deviation 0.25, and no more than 0.1 above; at the start it is 8 (1)² above.
if(nll GREATER 2.5 OR nll LESS 2.0)
  message(FATAL_ERROR "The ring's test NLL is ${nll}, not near its entropy")
endif()

run(CODE 2 ERROR "this run was trained with --plugin ${PLUGIN}" COMMAND ${DUALEBM} evaluate ${WORK}/plugged)
run(CODE 2 ERROR "no such file" COMMAND ${DUALEBM} list --plugin ${WORK}/nothing.so)
run(CODE 2 ERROR "cannot be loaded" COMMAND ${DUALEBM} list --plugin ${CONFIG})
run(CODE 2 ERROR "not a plugin: it has no dualebm_plugin_identity" COMMAND ${DUALEBM} list --plugin ${WORK}/build/libno_entry.so)
run(CODE 2 ERROR "built for dualebm 0.0.1 with LibTorch 0.4.0, and this is dualebm"
    COMMAND ${DUALEBM} list --plugin ${WORK}/build/libother_version.so)
run(CODE 2 ERROR ", headers 0123456789ab, and this is dualebm"
    COMMAND ${DUALEBM} list --plugin ${WORK}/build/libother_headers.so)
run(CODE 2 ERROR "it failed to register: no licence" COMMAND ${DUALEBM} list --plugin ${WORK}/build/libthrows.so)
run(CODE 2 ERROR "energy \"ring\": the name is taken" COMMAND ${MINE} list --plugin ${PLUGIN})

# Several plugins are one more list; the second has headers named like ours, and hides all but its entry.
run(CODE 0 OUT "ring: a ring on R²" "spring: a spring at the origin"
    COMMAND ${DUALEBM} list energy --plugin ${PLUGIN} --plugin ${WORK}/build/libown_names.so)
run(CODE 2 ERROR "energy \"ring\": the name is taken" COMMAND ${DUALEBM} list --plugin ${PLUGIN} --plugin ${PLUGIN})

# One more virtual function in any header is another hash.
file(COPY ${BUILD}/include/dualebm/framework DESTINATION ${WORK}/changed FILES_MATCHING PATTERN "*.hpp")
set(HASH ${BUILD}/include/dualebm/framework/experiment/headers_hash.cmake)
run(CODE 0 COMMAND ${CMAKE_COMMAND} -DROOT=${WORK}/changed -DOUT=${WORK}/before.hpp -P ${HASH})
file(APPEND ${WORK}/changed/framework/problem/energy.hpp "struct Changed { virtual void more(); };\n")
run(CODE 0 COMMAND ${CMAKE_COMMAND} -DROOT=${WORK}/changed -DOUT=${WORK}/after.hpp -P ${HASH})
file(SHA256 ${WORK}/before.hpp before)
file(SHA256 ${WORK}/after.hpp after)
if(before STREQUAL after)
  message(FATAL_ERROR "A changed header has left the hash of the headers as it was")
endif()

# Without CMake: what pkg-config says is enough to compile, link and run one file.
find_program(PKG_CONFIG pkg-config)
if(PKG_CONFIG)
  file(GLOB_RECURSE pc ${WORK}/prefix/*/dualebm.pc)
  get_filename_component(pc ${pc} DIRECTORY)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${pc} ${PKG_CONFIG} --cflags --libs dualebm
                  OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  run(CODE 0 COMMAND c++ ${SOURCE}/by_pkg_config.cpp -o ${WORK}/by_pkg_config ${flags})
  run(CODE 0 OUT ": sphere" COMMAND ${WORK}/by_pkg_config)
else()
  message("no pkg-config on this machine: dualebm.pc is not tested")
endif()

# A component that is none.
file(WRITE ${WORK}/no_component/CMakeLists.txt "cmake_minimum_required(VERSION 3.22)\nproject(none CXX)\n"
     "find_package(dualebm REQUIRED COMPONENTS models toasters)\n")
execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${WORK}/no_component -B ${WORK}/no_component/build
                        -DCMAKE_PREFIX_PATH=${WORK}/prefix
                RESULT_VARIABLE code OUTPUT_QUIET ERROR_VARIABLE error)
string(REGEX REPLACE "[ \n]+" " " error "${error}")
if(code EQUAL 0 OR NOT error MATCHES "dualebm has no component toasters; it has framework, models")
  message(FATAL_ERROR "An unknown component should be refused with the known ones: ${error}")
endif()

# A package that was built with another LibTorch is not taken.
file(READ ${WORK}/prefix/lib/cmake/dualebm/dualebmConfig.cmake config)
string(REGEX REPLACE "STREQUAL \"[0-9.]+\"" "STREQUAL \"0.4.0\"" config "${config}")
file(WRITE ${WORK}/other/dualebmConfig.cmake "${config}")
execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${SOURCE} -B ${WORK}/refused -Ddualebm_DIR=${WORK}/other
                RESULT_VARIABLE code OUTPUT_QUIET ERROR_VARIABLE error)
string(REGEX REPLACE "[ \n]+" " " error "${error}")
if(code EQUAL 0 OR NOT error MATCHES "dualebm was built with LibTorch [0-9.]+, and this project finds")
  message(FATAL_ERROR "A package for another LibTorch should be refused with the reason: ${error}")
endif()

# One of everything that a configuration can name: two iterations of all of them together, through a checkpoint.
set(OWN ${WORK}/build/my_own)
run(CODE 0 COMMAND ${OWN} train ${SOURCE}/own/own.json --out ${WORK}/own_whole)
file(STRINGS ${WORK}/diary.txt diary)
list(LENGTH diary lines)
list(GET diary -1 last)
if(NOT lines EQUAL 3 OR NOT last MATCHES "^2 .*spread=")
  message(FATAL_ERROR "The diary should hold three evaluations with the spread:\n${diary}")
endif()
# The trainer's own state is in the checkpoint: one iteration and one more are the same bits as two, by an optimizer whose
# step depends on more than a sign.
set(BY_SGD --set optimizer.name=sgd --set optimizer_schedule.at=1)
run(CODE 0 COMMAND ${OWN} train ${SOURCE}/own/own.json --out ${WORK}/own_straight ${BY_SGD})
run(CODE 0 COMMAND ${OWN} train ${SOURCE}/own/own.json --out ${WORK}/own_resumed ${BY_SGD} --set loop.iterations=1)
run(CODE 0 COMMAND ${OWN} train --resume ${WORK}/own_resumed --set loop.iterations=2)
file(SHA256 ${WORK}/own_straight/model.ebm straight)
file(SHA256 ${WORK}/own_resumed/model.ebm resumed)
if(NOT straight STREQUAL resumed)
  message(FATAL_ERROR "A run of everything of one's own does not resume to the same bits")
endif()
# Ranges are checked as those of the library.
run(CODE 2 ERROR "domain.circles: expected an integer >= 1, found 0" COMMAND ${OWN} train ${SOURCE}/own/own.json --set domain.circles=0)
# And it trains: the density that noise-contrastive estimation finds is that of the tides.
run(CODE 0 COMMAND ${OWN} train ${SOURCE}/own/own.json --out ${WORK}/own_long --set loop.iterations=500 --set metrics.every=0)
file(READ ${WORK}/own_long/metrics.jsonl records)
string(REGEX MATCHALL "\"nll_test\":[-+.e0-9]+" likelihoods "${records}")
list(GET likelihoods -1 last)
string(REGEX REPLACE ".*:" "" last "${last}")
# log(2π)² = 3.68 for the uniform density; the entropy of the tides is near 2 (½ log 2πe/4) = 1.45.
if(last GREATER 1.7 OR last LESS 1.2)
  message(FATAL_ERROR "The test NLL of the tides is ${last}, not near their entropy")
endif()

# The library programs: the moons are learnt to within half a nat of their entropy, 2.4, and leave as TorchScript; the
# compass finds the concentration that its moment equation gives, its last line.
execute_process(COMMAND ${WORK}/build/moons WORKING_DIRECTORY ${WORK} RESULT_VARIABLE code OUTPUT_VARIABLE out)
string(REGEX MATCH "nll_test ([0-9.]+)" line "${out}")
if(NOT code EQUAL 0 OR NOT line OR CMAKE_MATCH_1 GREATER 2.9 OR NOT EXISTS ${WORK}/moons.pt)
  message(FATAL_ERROR "moons ended with ${code} and said:\n${out}")
endif()
run(CODE 0 OUT " 100 4.471" COMMAND ${WORK}/build/compass)
