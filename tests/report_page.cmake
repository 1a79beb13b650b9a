# Opens pages in a headless browser: they must render without a console error, with one figure
# for each metric and every picture there: globes, planes, images; with the spread over seeds that the
# terminal shows; and with titles and labels that look like markup shown as they are, and never run.
cmake_minimum_required(VERSION 3.22)
find_program(BROWSER NAMES chromium chromium-browser google-chrome)
if(NOT BROWSER)
  message("SKIPPED: no headless browser (chromium) on this machine")
  return()
endif()
file(REMOVE_RECURSE ${WORK})

# The page of `dualebm ARGUMENTS` as the browser has drawn it, in `dom`, and what the program printed, in
# `terminal`; an error in the console of the browser fails.
function(draw_page name)
  execute_process(COMMAND ${PROGRAM} ${ARGN} --out ${WORK}/${name}
                  RESULT_VARIABLE code ERROR_VARIABLE errors OUTPUT_VARIABLE terminal)
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
  if(dom MATCHES "<html[^>]* data-attacked")
    message(FATAL_ERROR "The page of ${name} ran a script out of its data")
  endif()
  set(dom "${dom}" PARENT_SCOPE)
  set(terminal "${terminal}" PARENT_SCOPE)
endfunction()

function(expect_canvases count)
  string(REGEX MATCHALL "<canvas" canvases "${dom}")
  list(LENGTH canvases found)
  if(NOT found EQUAL count)
    message(FATAL_ERROR "There should be ${count} pictures, found ${found}")
  endif()
endfunction()

function(expect text)
  string(FIND "${dom}" "${text}" place)
  if(place LESS 0)
    message(FATAL_ERROR "The page has no ${text}")
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
expect("All 12 runs came to an end")

# Median [least, greatest], with the digits of the terminal: both are looked up in the row of one trainer.
set(cell "([0-9.]+) (\\[[0-9.]+, [0-9.]+\\])")
set(worth "( ± [0-9.e-]+)?")  # the error of a number, where it has one
if(NOT terminal MATCHES "score_matching +3/3 +${cell}${worth} +${cell}")
  message(FATAL_ERROR "The table of the terminal has no row to compare:\n${terminal}")
endif()
expect("<span class=\"median\">${CMAKE_MATCH_1}</span><span class=\"spread\"> ${CMAKE_MATCH_2}</span>")
expect("<span class=\"median\">${CMAKE_MATCH_4}</span><span class=\"spread\"> ${CMAKE_MATCH_5}</span>")
if(dom MATCHES "±|deviation")
  message(FATAL_ERROR "The page shows a deviation where the terminal shows a range")
endif()

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

# A search: all parameters at once, a figure for each, the courses, a row for each trial, the winner and its test value.
draw_page(search tune ${ROOT}/apps/configs/tune_moons.json --set loop.iterations=18 --set tune.trials=6 --set metrics.every=3
          --set dataset.train=200 --set dataset.validation=200 --set dataset.test=200 --set metrics.resolution=20)
foreach(parameter optimizer.learning_rate energy.hidden loop.batch_size loop.average_decay)
  expect("data-parameter=\"${parameter}\"")
endforeach()
expect("data-courses=\"nll_validation\"")
expect("class=\"plot parallel\"")
expect("The best of 6 trials")
expect("On the test points, looked at once")
string(REGEX MATCHALL "<tr data-trial=" rows "${dom}")
list(LENGTH rows found)
if(NOT found EQUAL 6)
  message(FATAL_ERROR "The page should have a row for each of 6 trials, it has ${found}")
endif()
# Value and error are the terminal's.
if(NOT terminal MATCHES "best +(trial[0-9]+): nll_validation ([0-9.]+ ± [0-9.e-]+)")
  message(FATAL_ERROR "The terminal names no winner:\n${terminal}")
endif()
expect("<b>${CMAKE_MATCH_1}</b>")
expect("<span class=\"median\">${CMAKE_MATCH_2}</span>")

# What is data must stay data. A title is shown as it is, in the heading and on the tab; labels in every section.
set(attack [[document.documentElement.dataset.attacked=1]])
set(small --set loop.iterations=2 --set metrics.every=1 --set dataset.train=50 --set dataset.test=50)
set(titles [[<!--<script>]] "</script><script>${attack}</script>" "</title><img src=x onerror=${attack}>"
           [[{{data}} {{title}} {{script}} @PAGE_AFTER_DATA@ @PAGE_js@ ${ROOT} $& "q" 'q' `${1}` \\ &lt; )~page~"]])
foreach(title IN LISTS titles)
  string(REPLACE "\\" "\\\\" json "${title}")
  string(REPLACE "\"" "\\\"" json "${json}")
  draw_page(title train ${ROOT}/apps/configs/demo.json ${small} --set "title=\"${json}\"" --force)
  string(REPLACE "&" "&amp;" shown "${title}")
  string(REPLACE "<" "&lt;" shown "${shown}")
  string(REPLACE ">" "&gt;" shown "${shown}")
  expect("<h1>${shown}</h1>")
  expect("<title>${shown}</title>")
endforeach()

file(WRITE ${WORK}/labels.json "{
  \"domain\": {\"name\": \"sphere\", \"dimension\": 3},
  \"dataset\": {\"name\": \"teacher_student\", \"train\": 50, \"test\": 50,
              \"teacher\": {\"name\": \"teacher\", \"neurons\": [[1, 0, 0]], \"weight\": 3, \"sign\": -1}},
  \"energy\": {\"name\": \"shallow\", \"neurons\": 8},
  \"trainer\": {\"name\": \"dual_gda\", \"particle_step\": 0.02},
  \"optimizer\": {\"name\": \"wasserstein_fisher_rao\", \"neuron_step\": 0.04, \"weight_step\": 0.02},
  \"loop\": {\"iterations\": 2}, \"metrics\": {\"every\": 1},
  \"compare\": {\"seeds\": [0, 1], \"entries\": [
    {\"label\": \"<!--<script>\", \"set\": {\"trainer.particle_step\": 0.01}},
    {\"label\": \"</script><script>${attack}</script>\", \"set\": {\"trainer.particle_step\": 0.02}},
    {\"label\": \"\\\"><img src=x onerror='${attack}'>\", \"set\": {\"trainer.particle_step\": 0.03}},
    {\"label\": \"__proto__\", \"set\": {\"trainer.particle_step\": 0.04}},
    {\"label\": \"{{data}}\", \"set\": {\"trainer.particle_step\": 0.05}}]}}")
draw_page(labels compare ${WORK}/labels.json)
expect_canvases(6)
foreach(shown "&lt;!--&lt;script&gt;" "&lt;/script&gt;&lt;script&gt;${attack}&lt;/script&gt;"
              "\"&gt;&lt;img src=x onerror='${attack}'&gt;" "__proto__" "{{data}}")
  expect("<span class=\"name\">${shown}</span></th>")  # tables
  expect("</svg>${shown}</button>")                   # legend
  expect("<h3>${shown}</h3>")                         # globes
endforeach()
