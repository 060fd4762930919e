# d4j_runtime_source(<variable>): puts the folder of the pinned stable-diffusion.cpp sources into <variable>.
#
# They come from SDCPP_SOURCE_DIR if that is given, else from the cache folder, else from the package registry by way of
# `cargo vendor`. Whatever the way, the files are compared with the pin before they are used.

include("${CMAKE_CURRENT_LIST_DIR}/RuntimePin.cmake")
set(D4J_CARGO_MANIFEST_DIR "${CMAKE_CURRENT_LIST_DIR}/source")

set(SDCPP_SOURCE_DIR "" CACHE PATH "Sources of the pinned stable-diffusion.cpp; empty: from the package registry")
set(D4J_SOURCE_CACHE "" CACHE PATH "Where downloaded sources are kept; empty: the user's cache folder")

function(d4j_runtime_source result)
    if(SDCPP_SOURCE_DIR)
        get_filename_component(folder "${SDCPP_SOURCE_DIR}" ABSOLUTE BASE_DIR "${CMAKE_SOURCE_DIR}")
        d4j_check_source("${folder}" problem)
        if(problem)
            message(FATAL_ERROR
                "SDCPP_SOURCE_DIR=${SDCPP_SOURCE_DIR} is not the version this library is built from, "
                "${D4J_RUNTIME_DESCRIPTION}: ${problem}.\n"
                "Give the sources of exactly that version, or leave SDCPP_SOURCE_DIR empty to have them fetched.")
        endif()
    else()
        d4j_source_cache_folder(cache)
        set(folder "${cache}/${D4J_RUNTIME_PACKAGE}-${D4J_RUNTIME_VERSION}/stable-diffusion.cpp")
        d4j_check_source("${folder}" problem)
        if(problem)
            d4j_fetch_source("${cache}")
            d4j_check_source("${folder}" problem)
            if(problem)
                message(FATAL_ERROR "The fetched sources in ${folder} do not match the pin: ${problem}.")
            endif()
        endif()
    endif()
    message(STATUS "Runtime source: ${D4J_RUNTIME_DESCRIPTION} in ${folder}")
    set(${result} "${folder}" PARENT_SCOPE)
endfunction()

# Sets <variable> to what is wrong with the sources in <folder>, or to "".
function(d4j_check_source folder variable)
    set(problem "")
    foreach(entry IN LISTS D4J_RUNTIME_DIGESTS)
        string(REPLACE "=" ";" entry "${entry}")
        list(GET entry 0 name)
        list(GET entry 1 expected)
        if(NOT EXISTS "${folder}/${name}")
            set(problem "there is no ${name}")
            break()
        endif()
        file(SHA256 "${folder}/${name}" actual)
        if(NOT actual STREQUAL expected)
            set(problem "${name} has SHA-256 ${actual} instead of ${expected}")
            break()
        endif()
    endforeach()
    set(${variable} "${problem}" PARENT_SCOPE)
endfunction()

function(d4j_source_cache_folder variable)
    if(D4J_SOURCE_CACHE)
        set(folder "${D4J_SOURCE_CACHE}")
    elseif(DEFINED ENV{XDG_CACHE_HOME} AND NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
        set(folder "$ENV{XDG_CACHE_HOME}/diffusion4j/source")
    elseif(DEFINED ENV{HOME} AND NOT "$ENV{HOME}" STREQUAL "")
        set(folder "$ENV{HOME}/.cache/diffusion4j/source")
    elseif(DEFINED ENV{LOCALAPPDATA})
        set(folder "$ENV{LOCALAPPDATA}/diffusion4j/source")
    else()
        set(folder "${CMAKE_BINARY_DIR}/source")
    endif()
    file(TO_CMAKE_PATH "${folder}" folder)
    set(${variable} "${folder}" PARENT_SCOPE)
endfunction()

# Fetches into a folder of its own and moves the one package that is needed into place, so that neither an interrupted
# run nor a second build at the same time leaves half of it behind.
function(d4j_fetch_source cache)
    set(package "${D4J_RUNTIME_PACKAGE}-${D4J_RUNTIME_VERSION}")
    find_program(D4J_CARGO cargo)
    if(NOT D4J_CARGO)
        message(FATAL_ERROR
            "cargo is needed to fetch the runtime's sources (${D4J_RUNTIME_DESCRIPTION}). Install it "
            "(Debian, Ubuntu: apt-get install cargo; elsewhere: rustup), or pass -DSDCPP_SOURCE_DIR=<folder> "
            "with the sources of that version.")
    endif()
    string(RANDOM LENGTH 8 suffix)
    set(work "${cache}/.fetch-${suffix}")
    file(MAKE_DIRECTORY "${work}")
    # A copy, because cargo may write beside the manifest.
    file(COPY "${D4J_CARGO_MANIFEST_DIR}/" DESTINATION "${work}/manifest")

    message(STATUS "Fetching ${D4J_RUNTIME_PACKAGE} ${D4J_RUNTIME_VERSION} with cargo (once)")
    d4j_cargo_environment(environment)
    execute_process(
        COMMAND "${CMAKE_COMMAND}" -E env ${environment}
            "${D4J_CARGO}" vendor --versioned-dirs "${work}/vendor"
        WORKING_DIRECTORY "${work}/manifest"
        RESULT_VARIABLE status
        OUTPUT_QUIET
        ERROR_VARIABLE errors)
    set(problem "")
    if(status EQUAL 0)
        file(READ "${work}/vendor/${package}/.cargo-checksum.json" stated)
        string(JSON checksum GET "${stated}" package)
        if(NOT checksum STREQUAL D4J_RUNTIME_CHECKSUM)
            set(problem "${package} has the checksum ${checksum}, but ${D4J_RUNTIME_CHECKSUM} is pinned")
        endif()
    else()
        d4j_unpack_downloaded_package("${package}" "${work}/vendor" unpacked)
        if(NOT unpacked)
            set(problem "cargo could not fetch ${package}:\n${errors}")
        endif()
    endif()
    if(problem)
        file(REMOVE_RECURSE "${work}")
        message(FATAL_ERROR
            "${problem}\nThe package registry is needed the first time. Without it, pass -DSDCPP_SOURCE_DIR=<folder> "
            "with the sources of ${D4J_RUNTIME_DESCRIPTION}.")
    endif()

    if(EXISTS "${cache}/${package}")
        file(RENAME "${cache}/${package}" "${work}/replaced")
    endif()
    # Fails if another build was faster, whose result is as good.
    file(RENAME "${work}/vendor/${package}" "${cache}/${package}" RESULT ignored)
    file(REMOVE_RECURSE "${work}")
endfunction()

# What cargo before 1.70 (Debian 12 has 1.65) needs to be told: ask the registry for single entries of its index rather
# than clone all of it.
function(d4j_cargo_environment variable)
    set(environment "")
    execute_process(COMMAND "${D4J_CARGO}" --version OUTPUT_VARIABLE version ERROR_QUIET)
    if(version MATCHES "^cargo ([0-9.]+)" AND CMAKE_MATCH_1 VERSION_LESS 1.70)
        set(environment
            RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_SPARSE_REGISTRY=true CARGO_REGISTRIES_CRATES_IO_PROTOCOL=sparse)
    endif()
    set(${variable} "${environment}" PARENT_SCOPE)
endfunction()

# cargo before 1.85 downloads the package, but then gives up on its manifest, which is no concern of ours.
function(d4j_unpack_downloaded_package package folder variable)
    set(${variable} FALSE PARENT_SCOPE)
    if(DEFINED ENV{CARGO_HOME} AND NOT "$ENV{CARGO_HOME}" STREQUAL "")
        set(cargo_home "$ENV{CARGO_HOME}")
    elseif(WIN32)
        set(cargo_home "$ENV{USERPROFILE}/.cargo")
    else()
        set(cargo_home "$ENV{HOME}/.cargo")
    endif()
    file(TO_CMAKE_PATH "${cargo_home}" cargo_home)
    file(GLOB downloads "${cargo_home}/registry/cache/*/${package}.crate")
    foreach(download IN LISTS downloads)
        file(SHA256 "${download}" checksum)
        if(checksum STREQUAL D4J_RUNTIME_CHECKSUM)
            file(ARCHIVE_EXTRACT INPUT "${download}" DESTINATION "${folder}")
            set(${variable} TRUE PARENT_SCOPE)
            return()
        endif()
    endforeach()
endfunction()
