# cmake -D FILE=... -P json.cmake: fails when FILE is not JSON.
file(READ ${FILE} text)
string(JSON members LENGTH "${text}")
if(members EQUAL 0)
  message(FATAL_ERROR "empty")
endif()
