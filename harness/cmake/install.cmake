# What `cmake --install` puts where. Nothing names the prefix, so an installed tree can be moved; see README.md here.
include(CMakePackageConfigHelpers)

install(PROGRAMS $<TARGET_FILE:wdmfuzz-cli> DESTINATION bin RENAME wdmfuzz)

# What drivers are compiled with and linked from. The lists of arguments hold no path of the build tree.
install(FILES $<TARGET_FILE:wdmfuzz_driver> $<TARGET_FILE:wdmfuzz_core> $<TARGET_FILE:wdmfuzz_nt>
  ${PROJECT_BINARY_DIR}/driver-compile.txt ${PROJECT_BINARY_DIR}/driver-link.txt ${PROJECT_BINARY_DIR}/emulated.txt
  DESTINATION lib/wdmfuzz)
# For `coverage`, and for `fuzz --engine afl`; the mutator is there when it has been built.
foreach(flavour coverage afl)
  install(FILES ${PROJECT_BINARY_DIR}/driver-compile-${flavour}.txt ${PROJECT_BINARY_DIR}/driver-link-${flavour}.txt DESTINATION lib/wdmfuzz)
endforeach()
install(TARGETS wdmfuzz_afl_mutator LIBRARY DESTINATION lib/wdmfuzz OPTIONAL)

# The part of the repository that the program reads: the driver compiler, the samples and their cases.
install(DIRECTORY emu/sdk DESTINATION share/wdmfuzz/emu USE_SOURCE_PERMISSIONS)
install(DIRECTORY harness/drivers DESTINATION share/wdmfuzz/harness)
install(DIRECTORY corpus DESTINATION share/wdmfuzz)
install(FILES README.md LICENSE DESTINATION share/doc/wdmfuzz)

# find_package(wdmfuzz)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/wdmfuzz-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES harness/cmake/wdmfuzz-config.cmake harness/cmake/wdmfuzz-add-driver.cmake harness/cmake/wdmfuzz-promote.cmake
  ${PROJECT_BINARY_DIR}/wdmfuzz-config-version.cmake DESTINATION lib/cmake/wdmfuzz)
