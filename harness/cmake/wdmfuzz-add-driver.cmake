# wdmfuzz_add_driver(NAME
#   DIRECTORY dir | SOURCES file...       the driver: all *.c and *.cpp of a directory (and its driver.toml), or these files
#   [INCLUDES dir...]                     where its headers are, beside its own directory
#   [DEFINES NAME[=VALUE]...]             preprocessor definitions
#   [CORPUS dir]                          its cases, *.scn at any depth; default: corpus
#   [FUZZ_SECONDS n])                     how long the test NAME.fuzz looks for bugs; 0: no such test; default: 10
#
# Targets: NAME (part of all) builds the driver's executable, fuzz-NAME runs a campaign until it finds something or is
# interrupted, promote-NAME makes cases in CORPUS of what campaigns and NAME.fuzz have found.
# Tests: NAME.<case> replays a case, which has to end as its line `expect` says (without one: clean), NAME.check loads and
# unloads the driver and fails when it uses what is not emulated, NAME.fuzz is a short campaign.
#
# NAME.check of a driver that is to be fuzzed all the same: set_tests_properties(NAME.check PROPERTIES SKIP_RETURN_CODE 3).
# WDMFUZZ_FUZZ_OPTIONS is a list of further options of fuzz-NAME, as of `wdmfuzz fuzz`: "--time;600;--jobs;2".
# Everything is made below the binary directory; paths are relative to the current source directory.

set(WDMFUZZ_FUZZ_OPTIONS "" CACHE STRING "options of the fuzz-NAME targets, as of `wdmfuzz fuzz`")

# The variables that all functions of this file go by, whichever directory has called find_package.
macro(_wdmfuzz_settings)
  get_filename_component(program "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../../bin/wdmfuzz" REALPATH)
  set(patience 300) # seconds beyond what a test was asked for: the driver may have to be compiled, a finding is minimised
endmacro()

# "text" as TOML spells it.
function(_wdmfuzz_quote text out)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  set(${out} "\"${text}\"" PARENT_SCOPE)
endfunction()

function(_wdmfuzz_array key out)
  set(items)
  foreach(item IN LISTS ARGN)
    _wdmfuzz_quote("${item}" item)
    list(APPEND items "${item}")
  endforeach()
  list(JOIN items ", " items)
  set(${out} "${key} = [${items}]\n" PARENT_SCOPE)
endfunction()

# Full paths of what has to exist.
function(_wdmfuzz_full_paths name what out)
  set(paths)
  foreach(path IN LISTS ARGN)
    get_filename_component(path "${path}" ABSOLUTE)
    if(NOT EXISTS "${path}")
      message(FATAL_ERROR "wdmfuzz_add_driver(${name}): ${what} ${path} does not exist")
    endif()
    list(APPEND paths "${path}")
  endforeach()
  set(${out} ${paths} PARENT_SCOPE)
endfunction()

# The deepest directory that all these files are in: what reports shorten file names by.
function(_wdmfuzz_common_directory out)
  list(GET ARGN 0 directory)
  cmake_path(GET directory PARENT_PATH directory)
  foreach(file IN LISTS ARGN)
    cmake_path(IS_PREFIX directory "${file}" inside)
    while(NOT inside)
      cmake_path(GET directory PARENT_PATH directory)
      cmake_path(IS_PREFIX directory "${file}" inside)
    endwhile()
  endforeach()
  set(${out} "${directory}" PARENT_SCOPE)
endfunction()

# The driver.toml that says all of this to the program; its directory is the program's DRIVER.
function(_wdmfuzz_describe name folder)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "DIRECTORY" "SOURCES;INCLUDES;DEFINES")
  _wdmfuzz_full_paths(${name} "include directory" includes ${ARG_INCLUDES})
  set(text "# Made by wdmfuzz_add_driver.\n")
  if(ARG_SOURCES)
    _wdmfuzz_full_paths(${name} source sources ${ARG_SOURCES})
    _wdmfuzz_common_directory(directory ${sources})
    _wdmfuzz_array(sources line ${sources})
    string(APPEND text "${line}")
  else()
    _wdmfuzz_full_paths(${name} directory directory ${ARG_DIRECTORY})
  endif()
  _wdmfuzz_quote("${directory}" directory)
  _wdmfuzz_array(includes include_line ${includes})
  _wdmfuzz_array(defines define_line ${ARG_DEFINES})
  file(WRITE "${folder}/driver.toml" "${text}directory = ${directory}\nname = \"${name}\"\n${include_line}${define_line}")
endfunction()

# One test per case; a new file becomes a test at the next build.
function(_wdmfuzz_add_cases name driver build corpus)
  _wdmfuzz_settings()
  file(GLOB_RECURSE cases CONFIGURE_DEPENDS "${corpus}/*.scn")
  if(NOT cases)
    message(STATUS "wdmfuzz: no cases of ${name} in ${corpus} yet")
  endif()
  foreach(case IN LISTS cases)
    get_filename_component(case_name "${case}" NAME_WLE)
    if(TEST "${name}.${case_name}")
      message(FATAL_ERROR "wdmfuzz_add_driver(${name}): test ${name}.${case_name} exists; rename ${case}")
    endif()
    add_test(NAME "${name}.${case_name}"
      COMMAND "${program}" replay "${driver}" "${case}" --expect --build-dir "${build}")
    set_tests_properties("${name}.${case_name}" PROPERTIES TIMEOUT ${patience})
  endforeach()
endfunction()

function(wdmfuzz_add_driver name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "DIRECTORY;CORPUS;FUZZ_SECONDS" "SOURCES;INCLUDES;DEFINES")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "wdmfuzz_add_driver(${name}): unknown argument ${ARG_UNPARSED_ARGUMENTS}")
  elseif(ARG_DIRECTORY AND ARG_SOURCES OR NOT ARG_DIRECTORY AND NOT ARG_SOURCES)
    message(FATAL_ERROR "wdmfuzz_add_driver(${name}): give either DIRECTORY or SOURCES")
  elseif(NOT name MATCHES "^[A-Za-z0-9_-]+$")
    message(FATAL_ERROR "wdmfuzz_add_driver(${name}): a name has letters, digits, '-' and '_' only")
  endif()
  if(NOT DEFINED ARG_CORPUS)
    set(ARG_CORPUS corpus)
  endif()
  if(NOT DEFINED ARG_FUZZ_SECONDS)
    set(ARG_FUZZ_SECONDS 10)
  elseif(NOT ARG_FUZZ_SECONDS MATCHES "^[0-9]+$")
    message(FATAL_ERROR "wdmfuzz_add_driver(${name}): FUZZ_SECONDS is a number of seconds, not ${ARG_FUZZ_SECONDS}")
  endif()
  _wdmfuzz_settings()
  get_filename_component(corpus "${ARG_CORPUS}" ABSOLUTE)
  set(build "${CMAKE_CURRENT_BINARY_DIR}/wdmfuzz")
  set(driver "${build}/${name}")
  _wdmfuzz_describe(${name} "${driver}" DIRECTORY "${ARG_DIRECTORY}" SOURCES ${ARG_SOURCES}
    INCLUDES ${ARG_INCLUDES} DEFINES ${ARG_DEFINES})

  # Always asked for: the program itself knows what has changed, headers included, and is quick when nothing has.
  add_custom_target(${name} ALL
    COMMAND "${program}" build "${driver}" --build-dir "${build}" -o "${driver}/${name}"
    COMMENT "driver ${name}"
    VERBATIM)
  add_custom_target(fuzz-${name}
    COMMAND "${program}" fuzz "${driver}" --build-dir "${build}" --out "${driver}/campaign" ${WDMFUZZ_FUZZ_OPTIONS}
    USES_TERMINAL
    VERBATIM)
  add_custom_target(promote-${name}
    COMMAND "${CMAKE_COMMAND}" -D "PROGRAM=${program}" -D "DRIVER=${driver}" -D "BUILD_DIR=${build}"
            -D "CORPUS=${corpus}" -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/wdmfuzz-promote.cmake"
    VERBATIM)

  add_test(NAME ${name}.check COMMAND "${program}" check "${driver}" --build-dir "${build}")
  set_tests_properties(${name}.check PROPERTIES TIMEOUT ${patience})
  _wdmfuzz_add_cases(${name} "${driver}" "${build}" "${corpus}")
  if(ARG_FUZZ_SECONDS GREATER 0)
    math(EXPR timeout "${ARG_FUZZ_SECONDS} + ${patience}")
    add_test(NAME ${name}.fuzz COMMAND "${program}" fuzz "${driver}" --build-dir "${build}"
      --out "${driver}/fuzz-test" --time ${ARG_FUZZ_SECONDS} --jobs 1 --seed 1)
    set_tests_properties(${name}.fuzz PROPERTIES TIMEOUT ${timeout})
  endif()
endfunction()
