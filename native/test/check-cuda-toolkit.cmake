# Finds CUDA toolkits whose parts lie in different places, as they do beside PyTorch: nvcc on the PATH or named, cuBLAS in the Python
# wheels. Everything is faked; nothing is compiled.
#
#     cmake -D PROJECT=<native/test/cuda_toolkit> -D WORK=<folder to write to> -P check-cuda-toolkit.cmake

file(REMOVE_RECURSE "${WORK}")

# make_nvcc(<folder>): a compiler that says it is of CUDA 13.0
function(make_nvcc folder)
    file(WRITE "${folder}/nvcc" "#!/bin/sh\necho 'Cuda compilation tools, release 13.0, V13.0.88'\n")
    file(CHMOD "${folder}/nvcc" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endfunction()

function(make_cublas headers libraries)
    foreach(name IN ITEMS cublas_v2.h cublas_api.h cublasLt.h cuda_runtime.h)
        file(WRITE "${headers}/${name}" "")
    endforeach()
    foreach(name IN ITEMS libcublas.so.13 libcublasLt.so.13)
        file(WRITE "${libraries}/${name}" "")
    endforeach()
endfunction()

# configure(<name> <options>): sets output and status
macro(configure name)
    file(WRITE "${WORK}/${name}/python" "#!/bin/sh\necho '${WORK}/${name}/packages'\n")
    file(CHMOD "${WORK}/${name}/python" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
    execute_process(
        COMMAND "${CMAKE_COMMAND}" -S "${PROJECT}" -B "${WORK}/${name}/build" "-DD4J_PYTHON=${WORK}/${name}/python" ${ARGN}
        OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE status)
    string(REGEX REPLACE "[\n ]+" " " errors "${errors}")
endmacro()

macro(expect text)
    if(NOT output MATCHES "${text}")
        message(SEND_ERROR "not found: ${text}\n${output}${errors}")
    endif()
endmacro()

# All in one place: nothing is added.
make_nvcc("${WORK}/whole/toolkit/bin")
make_cublas("${WORK}/whole/toolkit/include" "${WORK}/whole/toolkit/lib64")
configure(whole "-DCMAKE_CUDA_COMPILER=${WORK}/whole/toolkit/bin/nvcc")
expect("nvcc=${WORK}/whole/toolkit/bin/nvcc\n-- toolkit=${WORK}/whole/toolkit\n-- cublas=\n-- cublasLt=\n-- headers=\n")

# cuBLAS among python3's packages: its headers alone, its libraries by their names with the version.
make_nvcc("${WORK}/split/toolkit/bin")
make_cublas("${WORK}/split/packages/nvidia/cu13/include" "${WORK}/split/packages/nvidia/cu13/lib")
configure(split "-DCMAKE_CUDA_COMPILER=${WORK}/split/toolkit/bin/nvcc")
# And again, as a changed CMakeLists.txt does, with what the first time left in the cache.
configure(split)
set(wheels "${WORK}/split/packages/nvidia/cu13")
expect("nvcc=${WORK}/split/toolkit/bin/nvcc\n-- toolkit=${WORK}/split/toolkit\n-- cublas=${wheels}/lib/libcublas.so.13\n-- cublasLt=${wheels}/lib/libcublasLt.so.13\n")
expect("headers=${WORK}/split/build/cublas\n")
file(GLOB headers RELATIVE "${WORK}/split/build/cublas" "${WORK}/split/build/cublas/*")
if(NOT headers STREQUAL "cublasLt.h;cublas_api.h;cublas_v2.h")
    message(SEND_ERROR "the folder of headers holds ${headers}")
endif()

# In a folder that is named, which has no compiler.
make_nvcc("${WORK}/named/toolkit/bin")
make_cublas("${WORK}/named/anywhere/include" "${WORK}/named/anywhere/lib")
configure(named "-DCMAKE_CUDA_COMPILER=${WORK}/named/toolkit/bin/nvcc" "-DD4J_CUDA_WHEELS=${WORK}/named/anywhere")
expect("cublas=${WORK}/named/anywhere/lib/libcublas.so.13\n")

# Of another version of CUDA: refused, with the reason.
make_nvcc("${WORK}/old/toolkit/bin")
make_cublas("${WORK}/old/anywhere/include" "${WORK}/old/anywhere/lib")
file(RENAME "${WORK}/old/anywhere/lib/libcublas.so.13" "${WORK}/old/anywhere/lib/libcublas.so.12")
configure(old "-DCMAKE_CUDA_COMPILER=${WORK}/old/toolkit/bin/nvcc" "-DD4J_CUDA_WHEELS=${WORK}/old/anywhere")
if(status EQUAL 0 OR NOT errors MATCHES "needs cuBLAS 13 with its headers, which is not beside")
    message(SEND_ERROR "not refused: ${output}${errors}")
endif()

# Named, but not there.
make_nvcc("${WORK}/typo/toolkit/bin")
make_cublas("${WORK}/typo/toolkit/include" "${WORK}/typo/toolkit/lib64")
configure(typo "-DCMAKE_CUDA_COMPILER=${WORK}/typo/toolkit/bin/nvcc" "-DD4J_CUDA_WHEELS=${WORK}/typo/wheels")
if(status EQUAL 0 OR NOT errors MATCHES "typo/wheels is no folder")
    message(SEND_ERROR "not refused: ${output}${errors}")
endif()
