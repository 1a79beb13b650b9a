# Opens the page of a small comparison in a headless browser: it must render without a console error, with one figure
# for each metric and the globes drawn.
cmake_minimum_required(VERSION 3.22)
find_program(BROWSER NAMES chromium chromium-browser google-chrome)
if(NOT BROWSER)
  message("SKIPPED: no headless browser (chromium) on this machine")
  return()
endif()
file(REMOVE_RECURSE ${WORK})
execute_process(
  COMMAND ${PROGRAM} compare ${ROOT}/apps/configs/demo.json --set loop.iterations=60 --set metrics.every=20
          --set dataset.train=200 --out ${WORK}/run
  RESULT_VARIABLE code ERROR_VARIABLE errors OUTPUT_QUIET)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "compare failed: ${errors}")
endif()
execute_process(
  COMMAND ${BROWSER} --headless --no-sandbox --disable-gpu --user-data-dir=${WORK}/profile --enable-logging=stderr
          --virtual-time-budget=5000 --dump-dom file://${WORK}/run/report.html
  OUTPUT_VARIABLE dom ERROR_VARIABLE log TIMEOUT 90)
string(REGEX MATCH "[^\n]*CONSOLE[^\n]*" console "${log}")
if(console)
  message(FATAL_ERROR "The page wrote to the console: ${console}")
endif()
if(NOT dom MATCHES "data-ready=\"true\"")
  message(FATAL_ERROR "The page did not finish rendering")
endif()
foreach(metric kl score_error tv log_z nll_test)
  if(NOT dom MATCHES "<svg[^>]*data-metric=\"${metric}\"")
    message(FATAL_ERROR "The page has no figure of ${metric}")
  endif()
endforeach()
string(REGEX MATCHALL "<canvas" canvases "${dom}")
list(LENGTH canvases count)
if(count LESS 5)
  message(FATAL_ERROR "Teacher and four trainers make five globes, found ${count}")
endif()
if(dom MATCHES "(src|href)=\"https?:")
  message(FATAL_ERROR "The page asks the network for something")
endif()
