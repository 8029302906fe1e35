# cmake -D PROGRAM= -D DRIVER= -D BUILD_DIR= -D CORPUS= -P wdmfuzz-promote.cmake: every finding of the driver's campaigns
# becomes a case in CORPUS. What is already there stays as it is.
file(GLOB findings "${DRIVER}/campaign/findings/*.scn" "${DRIVER}/fuzz-test/findings/*.scn")
if(NOT findings)
  get_filename_component(name "${DRIVER}" NAME)
  message(FATAL_ERROR "wdmfuzz: no findings to promote; build the target fuzz-${name} first")
endif()
file(MAKE_DIRECTORY "${CORPUS}")
foreach(finding IN LISTS findings)
  execute_process(COMMAND "${PROGRAM}" promote "${DRIVER}" "${finding}" --corpus "${CORPUS}" --build-dir "${BUILD_DIR}"
    RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "wdmfuzz: ${finding} is not promoted")
  endif()
endforeach()
