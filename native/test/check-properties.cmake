# Fails unless natives.properties describes the library beside it.

cmake_minimum_required(VERSION 3.25)

get_filename_component(folder "${LIBRARY}" DIRECTORY)
get_filename_component(name "${LIBRARY}" NAME)
file(SHA256 "${LIBRARY}" sha256)
file(SIZE "${LIBRARY}" size)
file(STRINGS "${folder}/natives.properties" lines)
foreach(expected IN ITEMS "file=${name}" "sha256=${sha256}" "size=${size}")
    if(NOT expected IN_LIST lines)
        message(SEND_ERROR "natives.properties lacks ${expected}")
    endif()
endforeach()
foreach(key IN ITEMS os arch backend source abi)
    if(NOT "${lines}" MATCHES "(^|;)${key}=[^;]+")
        message(SEND_ERROR "natives.properties has no value for ${key}")
    endif()
endforeach()
