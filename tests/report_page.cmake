# Opens pages in a headless browser: they must render without a console error, with one figure
# for each metric and every picture there: globes, planes, images.
cmake_minimum_required(VERSION 3.22)
find_program(BROWSER NAMES chromium chromium-browser google-chrome)
if(NOT BROWSER)
  message("SKIPPED: no headless browser (chromium) on this machine")
  return()
endif()
file(REMOVE_RECURSE ${WORK})

# The page of `dualebm ARGUMENTS` as the browser has drawn it, in `dom`; an error in its console fails.
function(draw_page name)
  execute_process(COMMAND ${PROGRAM} ${ARGN} --out ${WORK}/${name}
                  RESULT_VARIABLE code ERROR_VARIABLE errors OUTPUT_QUIET)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${ARGN} failed: ${errors}")
  endif()
  execute_process(
    COMMAND ${BROWSER} --headless --no-sandbox --disable-gpu --user-data-dir=${WORK}/profile --enable-logging=stderr
            --virtual-time-budget=5000 --dump-dom file://${WORK}/${name}/report.html
    OUTPUT_VARIABLE dom ERROR_VARIABLE log TIMEOUT 90)
  string(REGEX MATCH "[^\n]*CONSOLE[^\n]*" console "${log}")
  if(console)
    message(FATAL_ERROR "The page of ${name} wrote to the console: ${console}")
  endif()
  if(NOT dom MATCHES "data-ready=\"true\"")
    message(FATAL_ERROR "The page of ${name} did not finish rendering")
  endif()
  if(dom MATCHES "(src|href)=\"https?:")
    message(FATAL_ERROR "The page of ${name} asks the network for something")
  endif()
  set(dom "${dom}" PARENT_SCOPE)
endfunction()

function(expect_canvases count)
  string(REGEX MATCHALL "<canvas" canvases "${dom}")
  list(LENGTH canvases found)
  if(NOT found EQUAL count)
    message(FATAL_ERROR "There should be ${count} pictures, found ${found}")
  endif()
endfunction()

draw_page(globes compare ${ROOT}/apps/configs/demo.json --set loop.iterations=60 --set metrics.every=20
          --set dataset.train=200)
foreach(metric kl score_error tv log_z nll_test)
  if(NOT dom MATCHES "<svg[^>]*data-metric=\"${metric}\"")
    message(FATAL_ERROR "The page has no figure of ${metric}")
  endif()
endforeach()
expect_canvases(5)  # teacher and four trainers

draw_page(plane train ${ROOT}/apps/configs/toys.json --set loop.iterations=2 --set metrics.resolution=20)
expect_canvases(2)  # data and model

set(rows "")
foreach(i RANGE 1 40)
  math(EXPR p "${i} % 17")
  string(APPEND rows "${p},3,16,0,7\n")
endforeach()
file(WRITE ${WORK}/images.csv "${rows}")
draw_page(images train ${ROOT}/apps/configs/digits.json --set dataset.path=${WORK}/images.csv --set domain.dimension=4
          --set dataset.label=x4 --set dataset.image=[1,2,2] --set energy.image=[1,2,2] --set loop.iterations=2
          --set loop.batch_size=8 --set trainer.buffer_size=16)
expect_canvases(2)  # data and particles
