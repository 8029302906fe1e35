# find_package(wdmfuzz): gives the function wdmfuzz_add_driver and the variable WDMFUZZ_PROGRAM, the program's full path.
# Everything is found from the place of this file, PREFIX/lib/cmake/wdmfuzz.
get_filename_component(_wdmfuzz_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." REALPATH)
set(WDMFUZZ_PROGRAM "${_wdmfuzz_prefix}/bin/wdmfuzz")

# Drivers are compiled with Debian's clang against mingw-w64's headers: better said now than by the first build. The
# lists of arguments name everything that they use of the system.
set(_wdmfuzz_missing)
set(_wdmfuzz_needs "${WDMFUZZ_PROGRAM}" /usr/share/mingw-w64/include/ddk/wdm.h)
foreach(_wdmfuzz_list IN ITEMS compile link)
  file(STRINGS "${_wdmfuzz_prefix}/lib/wdmfuzz/driver-${_wdmfuzz_list}.txt" _wdmfuzz_words REGEX "^/")
  list(APPEND _wdmfuzz_needs ${_wdmfuzz_words})
endforeach()
foreach(_wdmfuzz_need IN LISTS _wdmfuzz_needs)
  if(NOT EXISTS "${_wdmfuzz_need}")
    list(APPEND _wdmfuzz_missing "${_wdmfuzz_need}")
  endif()
endforeach()
if(_wdmfuzz_missing)
  list(JOIN _wdmfuzz_missing ", " _wdmfuzz_missing)
  set(wdmfuzz_FOUND FALSE)
  set(wdmfuzz_NOT_FOUND_MESSAGE "missing: ${_wdmfuzz_missing}; install the Debian packages \
clang-14 libclang-rt-14-dev llvm-14 binutils libstdc++-12-dev libfmt-dev libboost-context-dev mingw-w64-common")
else()
  include("${CMAKE_CURRENT_LIST_DIR}/wdmfuzz-add-driver.cmake")
endif()
