# d4j_select_backend(<backend>): turns on the ggml backend of that name beside the CPU's, after checking that what it is
# built with is there.

include("${CMAKE_CURRENT_LIST_DIR}/CudaToolkit.cmake")

function(d4j_select_backend backend)
    if(backend STREQUAL "cpu")
        return()
    elseif(backend STREQUAL "cuda")
        d4j_require_cuda()
        set(GGML_CUDA ON CACHE BOOL "" FORCE)
        # Compiled in, to be measured: shim/cuda_settings.h says when they are used.
        set(GGML_CUDA_GRAPHS ON CACHE BOOL "ggml: use CUDA graphs")
        # It is for models that are spread over several GPUs, and ties the library to NCCL wherever that is installed.
        set(GGML_CUDA_NCCL OFF CACHE BOOL "ggml: use NCCL")
    elseif(backend STREQUAL "vulkan")
        d4j_require_vulkan()
        set(GGML_VULKAN ON CACHE BOOL "" FORCE)
    elseif(backend STREQUAL "metal")
        if(NOT APPLE)
            message(FATAL_ERROR "The metal backend is built on macOS only, with Xcode's command line tools.")
        endif()
        set(GGML_METAL ON CACHE BOOL "" FORCE)
        # One library, one file: the shaders travel inside it.
        set(GGML_METAL_EMBED_LIBRARY ON CACHE BOOL "" FORCE)
    else()
        message(FATAL_ERROR "D4J_BACKEND=${backend} is unknown; it is one of cpu, cuda, vulkan, metal.")
    endif()
endfunction()

function(d4j_require_cuda)
    d4j_find_cuda_toolkit()
    # Virtual memory management would tie the library to the driver: it could not be loaded where there is none.
    set(GGML_CUDA_NO_VMM ON CACHE BOOL "ggml: do not use CUDA's virtual memory management")
    if(DEFINED CMAKE_CUDA_ARCHITECTURES)
        return()
    endif()
    set(architectures "")
    if(GGML_NATIVE)
        d4j_gpus_of_this_machine(architectures)
    endif()
    if(architectures)
        set(CMAKE_CUDA_ARCHITECTURES "${architectures}" CACHE STRING "GPUs to compile for")
        message(STATUS "Compiling for the NVIDIA GPUs of this machine: ${architectures}.")
    else()
        d4j_cuda_version(version)
        set(architectures "75-virtual;80-real;86-real;89-real;90")
        set(newest "Hopper")
        if(version VERSION_GREATER_EQUAL 12.8)
            list(APPEND architectures 100-real 120a-real)
            set(newest "Blackwell")
        endif()
        set(CMAKE_CUDA_ARCHITECTURES "${architectures}" CACHE STRING "GPUs to compile for")
        message(STATUS "Compiling for NVIDIA GPUs from Turing to ${newest}; -DCMAKE_CUDA_ARCHITECTURES= chooses others.")
    endif()
endfunction()

# Sets <variable> to the architectures of the NVIDIA GPUs here, such as 90-real, or to "".
function(d4j_gpus_of_this_machine variable)
    set(architectures "")
    execute_process(COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
        OUTPUT_VARIABLE text RESULT_VARIABLE no_gpu ERROR_QUIET)
    if(no_gpu EQUAL 0)
        string(REGEX MATCHALL "[0-9]+\\.[0-9]+" capabilities "${text}")
        foreach(capability IN LISTS capabilities)
            string(REPLACE "." "" architecture "${capability}")
            list(APPEND architectures "${architecture}-real")
        endforeach()
        list(REMOVE_DUPLICATES architectures)
    endif()
    set(${variable} "${architectures}" PARENT_SCOPE)
endfunction()

function(d4j_require_vulkan)
    find_package(Vulkan QUIET COMPONENTS glslc)
    set(missing "")
    if(NOT Vulkan_INCLUDE_DIR OR NOT Vulkan_LIBRARY)
        list(APPEND missing "the Vulkan headers and loader (Debian, Ubuntu: apt-get install libvulkan-dev)")
    else()
        d4j_check_vulkan_headers(missing)
    endif()
    if(NOT Vulkan_glslc_FOUND)
        list(APPEND missing "the shader compiler glslc (Debian, Ubuntu: apt-get install glslc)")
    endif()
    find_package(SPIRV-Headers QUIET CONFIG)
    if(NOT SPIRV-Headers_FOUND)
        list(APPEND missing "the SPIR-V headers (Debian, Ubuntu: apt-get install spirv-headers)")
    endif()
    if(missing)
        list(JOIN missing "; " missing)
        message(FATAL_ERROR "The vulkan backend needs: ${missing}.")
    endif()
endfunction()

# Appends to the list of what is missing if the headers are older than what ggml's backend compiles with.
function(d4j_check_vulkan_headers list)
    # VK_EXT_layer_settings, which came with 1.3.272.
    try_compile(new_enough
        SOURCE_FROM_CONTENT layer_settings.c
            "#include <vulkan/vulkan_core.h>\nint main(void) { return (int) sizeof(VkLayerSettingsCreateInfoEXT) == 0; }\n"
        CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${Vulkan_INCLUDE_DIR}"
        NO_CACHE)
    if(NOT new_enough)
        list(APPEND ${list} "Vulkan headers 1.3.272 or newer (${Vulkan_INCLUDE_DIR} has ${Vulkan_VERSION}: Debian 13 \
and Ubuntu 24.04 have them, or unpack newer ones anywhere and add -DVulkan_INCLUDE_DIR=)")
        set(${list} "${${list}}" PARENT_SCOPE)
    endif()
endfunction()
