# d4j_sanitize(<what>): compiles everything below this folder under a sanitizer; nothing if <what> is empty. address is
# AddressSanitizer with UBSan, thread is ThreadSanitizer. docs/sanitizers.md says how such a build is run.
function(d4j_sanitize what)
    if(NOT what)
        return()
    elseif(what STREQUAL "address")
        # Findings are reported and survived, so that one run of a test suite shows all of them.
        set(flags -fsanitize=address,undefined -fsanitize-recover=address,undefined)
    elseif(what STREQUAL "thread")
        if(GGML_OPENMP)
            message(FATAL_ERROR
                "D4J_SANITIZE=thread needs GGML_OPENMP=OFF: ThreadSanitizer does not see libgomp's barriers and would "
                "report every operation that two threads share.")
        endif()
        set(flags -fsanitize=thread)
    else()
        message(FATAL_ERROR "D4J_SANITIZE=${what} is unknown; it is empty, address or thread.")
    endif()
    if(WIN32)
        message(FATAL_ERROR "D4J_SANITIZE is for GCC and Clang on Linux and macOS.")
    endif()
    if(D4J_STATIC_RUNTIME)
        message(FATAL_ERROR "D4J_SANITIZE needs D4J_STATIC_RUNTIME=OFF: sanitizers intercept the shared C++ runtime.")
    endif()
    # Of the debug information, reports show line numbers alone.
    add_compile_options(${flags} -O1 -g1 -fno-omit-frame-pointer)
    add_link_options(${flags})
    if(what STREQUAL "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # Beside libasan, a shared libubsan takes the path of its reports from the wrong one of the two.
        add_link_options(-static-libubsan)
    endif()
endfunction()

# d4j_sanitize_kernels(<what> <target>): for the inner loops of ggml's CPU backend, which take all
# the time. They are optimised, and UBSan leaves out the checks of every single access and sum that would keep them from
# being vectorised; AddressSanitizer and UBSan's other checks (bounds, shifts, divisions, conversions) stay.
function(d4j_sanitize_kernels what target)
    if(NOT what)
        return()
    endif()
    set(options -O3)
    if(what STREQUAL "address")
        list(APPEND options -fno-sanitize=alignment,null,nonnull-attribute,object-size,pointer-overflow,signed-integer-overflow)
    endif()
    target_compile_options("${target}" PRIVATE ${options})
endfunction()
