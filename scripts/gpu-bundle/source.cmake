# cmake [-DSDCPP_SOURCE_DIR=FOLDER] -DOUTPUT=FILE -P source.cmake: writes into the file where the pinned runtime's source
# is, which is fetched first if it is nowhere.
cmake_policy(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/RuntimeSource.cmake")
d4j_runtime_source(folder)
file(WRITE "${OUTPUT}" "${folder}\n${D4J_RUNTIME_CHECKSUM}\n${D4J_RUNTIME_DESCRIPTION}\n")
