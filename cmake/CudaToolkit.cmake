# d4j_find_cuda_toolkit(): sees to it that CMAKE_CUDA_COMPILER names an nvcc of CUDA 12 or newer and that CMake's own
# search finds the libraries, wherever the toolkit is: on the PATH, in its usual places, or in NVIDIA's Python wheels
# (nvidia-cuda-nvcc, -crt, -runtime, -cccl, nvidia-nvvm, nvidia-cublas) of the active Python environment; or nvcc in one of these
# and cuBLAS in the wheels alone, as PyTorch brings it.

set(D4J_CUDA_WHEELS "" CACHE PATH "The folder nvidia/cu<N> of installed CUDA wheels; empty: looked for in python3's packages")

function(d4j_find_cuda_toolkit)
    if(D4J_CUDA_WHEELS AND NOT IS_DIRECTORY "${D4J_CUDA_WHEELS}")
        message(FATAL_ERROR "D4J_CUDA_WHEELS=${D4J_CUDA_WHEELS} is no folder.")
    endif()
    if(EXISTS "${D4J_CUDA_WHEELS}/bin/nvcc")
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
                d4j_find_in_wheels("bin/nvcc" nvcc)
                if(nvcc)
                    cmake_path(GET nvcc PARENT_PATH wheels)
                    cmake_path(GET wheels PARENT_PATH wheels)
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
    d4j_name_toolkit()
    d4j_find_cublas("${version}")
endfunction()

# CMake's search for the toolkit does not look at the compiler before its language is enabled: names the folder to it.
function(d4j_name_toolkit)
    if(NOT CUDAToolkit_ROOT)
        file(REAL_PATH "${CMAKE_CUDA_COMPILER}" toolkit)
        cmake_path(GET toolkit PARENT_PATH toolkit)
        cmake_path(GET toolkit PARENT_PATH toolkit)
        set(CUDAToolkit_ROOT "${toolkit}" CACHE PATH "CUDA toolkit" FORCE)
    endif()
endfunction()

# Where nvcc's own toolkit lacks cuBLAS, names that of the wheels to CMake's search (CUDA_cublas_LIBRARY) and its headers to the
# compilers. Of the folder of these no more than cuBLAS's own: the rest may be those of another version than nvcc.
function(d4j_find_cublas version)
    find_path(D4J_CUBLAS_HEADERS cublas_v2.h
        HINTS "${CUDAToolkit_ROOT}"
        PATH_SUFFIXES include targets/${CMAKE_SYSTEM_PROCESSOR}-linux/include NO_CACHE)
    if(D4J_CUBLAS_HEADERS)
        return()
    endif()
    string(REGEX MATCH "^[0-9]+" major "${version}")
    d4j_find_in_wheels("lib/libcublas.so.${major}" cublas)
    d4j_find_in_wheels("lib/libcublasLt.so.${major}" cublaslt)
    d4j_find_in_wheels("include/cublas_v2.h" header)
    if(NOT cublas OR NOT cublaslt OR NOT header)
        message(FATAL_ERROR "The cuda backend needs cuBLAS ${major} with its headers, which is not beside ${CMAKE_CUDA_COMPILER} nor "
            "among python3's packages: install the rest of the toolkit, or `pip install nvidia-cublas` for CUDA ${major}, and name "
            "its folder with -DD4J_CUDA_WHEELS=<site-packages>/nvidia/cu${major} if it is not found.")
    endif()
    set(CUDA_cublas_LIBRARY "${cublas}" CACHE FILEPATH "cuBLAS" FORCE)
    set(CUDA_cublasLt_LIBRARY "${cublaslt}" CACHE FILEPATH "cuBLAS" FORCE)
    cmake_path(GET header PARENT_PATH headers)
    file(GLOB headers "${headers}/cublas*.h" "${headers}/nvblas.h")
    set(folder "${CMAKE_BINARY_DIR}/cublas")
    file(MAKE_DIRECTORY "${folder}")
    foreach(header IN LISTS headers)
        cmake_path(GET header FILENAME name)
        file(CREATE_LINK "${header}" "${folder}/${name}" SYMBOLIC)
    endforeach()
    include_directories(SYSTEM "${folder}")
    message(STATUS "cuBLAS: Python wheels, ${cublas}")
endfunction()

# The version that nvcc states, such as 13.0.
function(d4j_cuda_version variable)
    execute_process(COMMAND "${CMAKE_CUDA_COMPILER}" --version OUTPUT_VARIABLE text RESULT_VARIABLE status)
    if(NOT status EQUAL 0 OR NOT text MATCHES "release ([0-9]+\\.[0-9]+)")
        message(FATAL_ERROR "${CMAKE_CUDA_COMPILER} does not say which version of CUDA it is.")
    endif()
    set(${variable} "${CMAKE_MATCH_1}" PARENT_SCOPE)
endfunction()

# Sets <variable> to the file of that name in the newest CUDA wheels, those of D4J_CUDA_WHEELS or among python3's packages, or to "".
# They share the folder nvidia/cu<N>; before CUDA 13 each had its own, such as nvidia/cublas.
function(d4j_find_in_wheels file variable)
    set(${variable} "" PARENT_SCOPE)
    if(D4J_CUDA_WHEELS)
        file(GLOB found "${D4J_CUDA_WHEELS}/${file}")
    else()
        find_program(D4J_PYTHON NAMES python3 python)
        if(NOT D4J_PYTHON)
            return()
        endif()
        execute_process(COMMAND "${D4J_PYTHON}" -c "import sys; print(';'.join(p for p in sys.path if p))"
            OUTPUT_VARIABLE packages OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
        set(folders "")
        foreach(wheel IN ITEMS "cu1[2-9]" cublas)
            list(TRANSFORM packages APPEND "/nvidia/${wheel}/${file}" OUTPUT_VARIABLE in_wheel)
            list(APPEND folders ${in_wheel})
        endforeach()
        file(GLOB found ${folders})
    endif()
    if(found)
        list(SORT found COMPARE NATURAL)
        list(GET found -1 newest)
        set(${variable} "${newest}" PARENT_SCOPE)
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
