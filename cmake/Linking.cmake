# d4j_link_privately(<target>): links so that the library shows sd_* and d4j_* alone and brings its language runtimes
# along, so that it can share a process with any other library.

set(D4J_EXPORTS_DIR "${CMAKE_CURRENT_LIST_DIR}/exports")

function(d4j_link_privately target)
    # What is published is what was built here: it must not name the builder's folders, such as that of the CUDA toolkit.
    set_target_properties(${target} PROPERTIES SKIP_BUILD_RPATH ON)
    if(APPLE)
        target_link_options(${target} PRIVATE "-Wl,-exported_symbols_list,${D4J_EXPORTS_DIR}/symbols.apple" -Wl,-dead_strip)
        set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${D4J_EXPORTS_DIR}/symbols.apple")
    elseif(UNIX)
        target_link_options(${target} PRIVATE
            "-Wl,--version-script=${D4J_EXPORTS_DIR}/symbols.map" -Wl,--exclude-libs,ALL -Wl,--no-undefined
            -Wl,--gc-sections -Wl,-z,relro,-z,now)
        set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${D4J_EXPORTS_DIR}/symbols.map")
        if(D4J_STATIC_RUNTIME AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
            target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
        endif()
        set_target_properties(${target} PROPERTIES LINK_FLAGS_RELEASE "-s")
    endif()
endfunction()
