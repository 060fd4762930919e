# d4j_write_natives_properties(<target> <backend>): writes natives.properties beside the library after each link.
# Run as a script (cmake -P) it is the step that writes the file.

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
    get_filename_component(name "${LIBRARY}" NAME)
    get_filename_component(folder "${LIBRARY}" DIRECTORY)
    file(SHA256 "${LIBRARY}" sha256)
    file(SIZE "${LIBRARY}" size)
    file(WRITE "${folder}/natives.properties.new"
        "file=${name}\n"
        "sha256=${sha256}\n"
        "size=${size}\n"
        "os=${OS}\n"
        "arch=${ARCH}\n"
        "backend=${BACKEND}\n"
        "source=${SOURCE}\n"
        "abi=${ABI}\n")
    file(RENAME "${folder}/natives.properties.new" "${folder}/natives.properties")
    return()
endif()

set(D4J_NATIVES_PROPERTIES_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(d4j_write_natives_properties target backend)
    file(STRINGS "${CMAKE_CURRENT_SOURCE_DIR}/shim/d4j.h" abi REGEX "^#define D4J_ABI_VERSION [0-9]+$")
    string(REGEX REPLACE "^#define D4J_ABI_VERSION " "" abi "${abi}")
    # A new number must not wait for the next full configure.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/shim/d4j.h")

    if(APPLE)
        set(os "macos")
    else()
        string(TOLOWER "${CMAKE_SYSTEM_NAME}" os)
    endif()
    string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" arch)
    if(arch STREQUAL "amd64")
        set(arch "x86_64")
    elseif(arch STREQUAL "arm64")
        set(arch "aarch64")
    endif()

    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND "${CMAKE_COMMAND}"
            -D "LIBRARY=$<TARGET_FILE:${target}>"
            -D "OS=${os}" -D "ARCH=${arch}" -D "BACKEND=${backend}"
            -D "SOURCE=${D4J_RUNTIME_DESCRIPTION}" -D "ABI=${abi}"
            -P "${D4J_NATIVES_PROPERTIES_SCRIPT}"
        COMMENT "Writing natives.properties"
        VERBATIM)
endfunction()
