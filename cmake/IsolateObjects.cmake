# Links OBJECTS (separated by |) into the one object file OBJECT, which shows the function ENTRY and nothing else.

cmake_minimum_required(VERSION 3.25)

function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${output}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

string(REPLACE "|" ";" objects "${OBJECTS}")
# Without groups: the linker would otherwise keep one variant's copy of a template for everybody.
run("${LD}" -r --force-group-allocation -o "${OBJECT}.all" ${objects})
run("${OBJCOPY}" "--keep-global-symbol=${ENTRY}" "${OBJECT}.all" "${OBJECT}")
file(REMOVE "${OBJECT}.all")

# What initializes itself would run when the library is loaded, on any processor.
run("${READELF}" --sections --wide "${OBJECT}")
if(output MATCHES "\\.(init_array|ctors)")
    file(REMOVE "${OBJECT}")
    message(FATAL_ERROR "${OBJECT} has code that runs when the library is loaded")
endif()
