# d4j_find_cuda_toolkit(): sees to it that CMAKE_CUDA_COMPILER names an nvcc of CUDA 12 or newer and that CMake's own
# search finds the libraries beside it, wherever the toolkit is: on the PATH, in its usual places, or in NVIDIA's Python
# wheels (nvidia-cuda-nvcc, -crt, -runtime, -cccl, nvidia-nvvm, nvidia-cublas) of the active Python environment.

set(D4J_CUDA_WHEELS "" CACHE PATH "The folder nvidia/cu<N> of installed CUDA wheels; empty: looked for in python3's packages")

function(d4j_find_cuda_toolkit)
    if(D4J_CUDA_WHEELS)
        d4j_use_cuda_wheels("${D4J_CUDA_WHEELS}")
    elseif(NOT CMAKE_CUDA_COMPILER)
        include(CheckLanguage)
        check_language(CUDA)
        if(NOT CMAKE_CUDA_COMPILER)
            file(GLOB usual "/usr/local/cuda/bin/nvcc" "/usr/local/cuda-1[2-9]*/bin/nvcc" "/opt/cuda/bin/nvcc")
            list(SORT usual COMPARE NATURAL)
            if(usual)
                list(GET usual -1 nvcc)
                set(CMAKE_CUDA_COMPILER "${nvcc}" CACHE FILEPATH "CUDA compiler" FORCE)
            else()
                d4j_find_cuda_wheels(wheels)
                if(wheels)
                    d4j_use_cuda_wheels("${wheels}")
                endif()
            endif()
        endif()
    endif()
    if(NOT CMAKE_CUDA_COMPILER)
        message(FATAL_ERROR
            "The cuda backend needs NVIDIA's CUDA toolkit, 12 or newer: nvcc, the runtime and cuBLAS with their headers. "
            "nvcc was not found: put it on the PATH, pass -DCMAKE_CUDA_COMPILER=<path of nvcc>, or install the wheels with "
            "`pip install nvidia-cuda-nvcc nvidia-cuda-crt nvidia-cuda-runtime nvidia-cuda-cccl nvidia-nvvm nvidia-cublas` "
            "and pass -DD4J_CUDA_WHEELS=<site-packages>/nvidia/cu<N>. No GPU is needed to build.")
    endif()
    d4j_cuda_version(version)
    if(version VERSION_LESS 12)
        message(FATAL_ERROR "The cuda backend needs CUDA 12 or newer; ${CMAKE_CUDA_COMPILER} is version ${version}.")
    endif()
endfunction()

# The version that nvcc states, such as 13.0.
function(d4j_cuda_version variable)
    execute_process(COMMAND "${CMAKE_CUDA_COMPILER}" --version OUTPUT_VARIABLE text RESULT_VARIABLE status)
    if(NOT status EQUAL 0 OR NOT text MATCHES "release ([0-9]+\\.[0-9]+)")
        message(FATAL_ERROR "${CMAKE_CUDA_COMPILER} does not say which version of CUDA it is.")
    endif()
    set(${variable} "${CMAKE_MATCH_1}" PARENT_SCOPE)
endfunction()

# Sets <variable> to the folder of the newest CUDA wheels among python3's packages, or to "".
function(d4j_find_cuda_wheels variable)
    set(${variable} "" PARENT_SCOPE)
    find_program(D4J_PYTHON NAMES python3 python)
    if(NOT D4J_PYTHON)
        return()
    endif()
    execute_process(COMMAND "${D4J_PYTHON}" -c "import sys; print(';'.join(p for p in sys.path if p))"
        OUTPUT_VARIABLE folders OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    list(TRANSFORM folders APPEND "/nvidia/cu1[2-9]/bin/nvcc")
    file(GLOB compilers ${folders})
    if(compilers)
        list(SORT compilers COMPARE NATURAL)
        list(GET compilers -1 compiler)
        cmake_path(GET compiler PARENT_PATH folder)
        cmake_path(GET folder PARENT_PATH folder)
        set(${variable} "${folder}" PARENT_SCOPE)
    endif()
endfunction()

# Lays a toolkit over the wheels in the build folder. They lack what a linker looks for: lib64 and the names of the
# libraries without a version. nvcc looks for everything else beside itself, so it cannot be reached through a link.
function(d4j_use_cuda_wheels wheels)
    if(NOT EXISTS "${wheels}/bin/nvcc" OR NOT EXISTS "${wheels}/nvvm/bin/cicc")
        message(FATAL_ERROR "There is no bin/nvcc with nvvm/bin/cicc in the CUDA wheels' folder ${wheels}: install "
            "nvidia-cuda-nvcc and nvidia-nvvm of the same version.")
    endif()
    set(toolkit "${CMAKE_BINARY_DIR}/cuda-toolkit")
    file(MAKE_DIRECTORY "${toolkit}/lib64")
    file(COPY "${wheels}/bin" DESTINATION "${toolkit}")
    foreach(folder IN ITEMS include nvvm)
        file(CREATE_LINK "${wheels}/${folder}" "${toolkit}/${folder}" SYMBOLIC)
    endforeach()
    file(GLOB libraries "${wheels}/lib/*.so.*" "${wheels}/lib/*.a")
    foreach(library IN LISTS libraries)
        cmake_path(GET library FILENAME name)
        file(CREATE_LINK "${library}" "${toolkit}/lib64/${name}" SYMBOLIC)
        string(REGEX REPLACE "\\.so\\..*$" ".so" plain "${name}")
        file(CREATE_LINK "${library}" "${toolkit}/lib64/${plain}" SYMBOLIC)
    endforeach()
    set(CMAKE_CUDA_COMPILER "${toolkit}/bin/nvcc" CACHE FILEPATH "CUDA compiler" FORCE)
    set(CUDAToolkit_ROOT "${toolkit}" CACHE PATH "CUDA toolkit" FORCE)
    message(STATUS "CUDA toolkit: Python wheels in ${wheels}")
endfunction()
