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

# d4j_sanitize_kernels(<what> <target> <matrix product>): for ggml's CPU backend, which takes all the time and is optimised
# here. ThreadSanitizer leaves it out. UBSan leaves out the checks of every single access and sum that would keep its loops
# from being vectorised; AddressSanitizer and UBSan's other checks (bounds, shifts, divisions, conversions) stay. Of the
# matrix product, with most of the work in a few lines, AddressSanitizer checks what is written and nothing else.
function(d4j_sanitize_kernels what target matrix_product)
    if(what STREQUAL "thread")
        target_compile_options("${target}" PRIVATE -O3 -fno-sanitize=thread)
    elseif(what STREQUAL "address")
        target_compile_options("${target}" PRIVATE -O3
            -fno-sanitize=alignment,null,nonnull-attribute,object-size,pointer-overflow,signed-integer-overflow)
        set(matrix_options -fno-sanitize=undefined)
        if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
            list(APPEND matrix_options --param=asan-instrument-reads=0 --param=asan-stack=0)
        endif()
        set_property(SOURCE "${matrix_product}" TARGET_DIRECTORY "${target}" APPEND PROPERTY COMPILE_OPTIONS ${matrix_options})
    endif()
endfunction()
