# d4j_add_cpu_variants(<target>): puts ggml's CPU backend into the library once per generation of
# processors, and the table from which shim/cpu_variants.cpp picks one at run time.
#
# ggml's own way to have several is one module file each. These are in the one library instead: the objects of a variant
# are linked into one, in which every name but that of its entry point is made local. Neither variants nor the rest of
# the library can then run each other's code, not even through templates that all of them instantiate. The oldest one,
# x64, is the ggml-cpu target itself, compiled for any x86-64.

# Later ones are preferred where the processor has all that they use: the names are those of ggml's modules.
set(D4J_CPU_VARIANTS
    "sse42=sse4.2"
    "sandybridge=sse4.2 avx"
    "ivybridge=sse4.2 avx f16c"
    "piledriver=sse4.2 avx f16c fma"
    "haswell=sse4.2 avx f16c fma avx2 bmi2"
    "alderlake=sse4.2 avx f16c fma avx2 bmi2 avxvnni"
    "skylakex=sse4.2 avx f16c fma avx2 bmi2 avx512f avx512cd avx512vl avx512dq avx512bw"
    "cannonlake=sse4.2 avx f16c fma avx2 bmi2 avx512f avx512cd avx512vl avx512dq avx512bw avx512vbmi"
    "cascadelake=sse4.2 avx f16c fma avx2 bmi2 avx512f avx512cd avx512vl avx512dq avx512bw avx512vnni"
    "icelake=sse4.2 avx f16c fma avx2 bmi2 avx512f avx512cd avx512vl avx512dq avx512bw avx512vbmi avx512vnni"
    "cooperlake=sse4.2 avx f16c fma avx2 bmi2 avx512f avx512cd avx512vl avx512dq avx512bw avx512vnni avx512bf16"
    "zen4=sse4.2 avx f16c fma avx2 bmi2 avx512f avx512cd avx512vl avx512dq avx512bw avx512vbmi avx512vnni avx512bf16"
    "sapphirerapids=sse4.2 avx f16c fma avx2 bmi2 avx512f avx512cd avx512vl avx512dq avx512bw avx512vbmi avx512vnni avx512bf16 amx-tile amx-int8")

# Before ggml is added: what ggml-cpu itself, the x64 variant, is compiled for.
macro(d4j_prepare_cpu_variants)
    if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$"
       OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        message(FATAL_ERROR "The portable CPU library is built by GCC on Linux, for x86-64.")
    endif()
    if(GGML_NATIVE)
        message(FATAL_ERROR "The portable CPU library needs GGML_NATIVE=OFF.")
    endif()
    foreach(feature IN ITEMS SSE42 AVX AVX2 AVX_VNNI BMI2 FMA F16C
                             AVX512 AVX512_VBMI AVX512_VNNI AVX512_BF16 AMX_TILE AMX_INT8 AMX_BF16)
        set(GGML_${feature} OFF CACHE BOOL "" FORCE)
    endforeach()
endmacro()

function(d4j_add_cpu_variants target)
    find_program(D4J_LD NAMES ld.bfd ld REQUIRED)
    get_target_property(folder ggml-cpu SOURCE_DIR)
    get_target_property(sources ggml-cpu SOURCES)
    get_target_property(includes ggml-cpu INCLUDE_DIRECTORIES)
    get_target_property(definitions ggml-cpu COMPILE_DEFINITIONS)
    get_target_property(options ggml-cpu COMPILE_OPTIONS)
    get_directory_property(shared_definitions DIRECTORY "${folder}" COMPILE_DEFINITIONS)
    list(FILTER sources INCLUDE REGEX "\\.(c|cpp)$")
    list(TRANSFORM sources PREPEND "${folder}/" REGEX "^ggml-cpu/")
    if(NOT options)
        set(options "")
    endif()

    target_compile_definitions(ggml-cpu PRIVATE ggml_backend_cpu_reg=d4j_cpu_reg_x64)

    d4j_make_way_for_overrides("${folder}/ggml-cpu")

    set(table "")
    foreach(entry IN LISTS D4J_CPU_VARIANTS)
        string(REGEX MATCH "^([^=]+)=(.*)$" unused "${entry}")
        set(name "${CMAKE_MATCH_1}")
        string(REPLACE " " ";" features "${CMAKE_MATCH_2}")
        list(TRANSFORM features PREPEND "-m" OUTPUT_VARIABLE flags)

        add_library(cpu-${name} OBJECT ${sources})
        target_include_directories(cpu-${name} SYSTEM PRIVATE ${includes})
        target_compile_definitions(cpu-${name} PRIVATE
            ${definitions} ${shared_definitions} ggml_backend_cpu_reg=d4j_cpu_reg_${name})
        # Unique symbols stay global whatever objcopy is told.
        target_compile_options(cpu-${name} PRIVATE ${options} ${flags} -fno-gnu-unique -w)
        target_link_libraries(cpu-${name} PRIVATE ggml-base)
        if(OpenMP_CXX_FOUND AND GGML_OPENMP)
            target_link_libraries(cpu-${name} PRIVATE OpenMP::OpenMP_C OpenMP::OpenMP_CXX)
        endif()

        set(object "${CMAKE_CURRENT_BINARY_DIR}/cpu-${name}.o")
        add_custom_command(OUTPUT "${object}"
            COMMAND "${CMAKE_COMMAND}" -D "LD=${D4J_LD}" -D "OBJCOPY=${CMAKE_OBJCOPY}" -D "READELF=${CMAKE_READELF}"
                -D "OBJECT=${object}" -D "ENTRY=d4j_cpu_reg_${name}" -D "OBJECTS=$<JOIN:$<TARGET_OBJECTS:cpu-${name}>,|>"
                -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/IsolateObjects.cmake"
            DEPENDS $<TARGET_OBJECTS:cpu-${name}> "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/IsolateObjects.cmake"
            COMMENT "Isolating the CPU variant ${name}"
            VERBATIM)
        target_sources(${target} PRIVATE "${object}")

        list(TRANSFORM features REPLACE "^(.+)$" "__builtin_cpu_supports(\"\\1\")")
        list(JOIN features " && " condition)
        string(APPEND table "D4J_CPU_VARIANT(${name}, ${condition})\n")
    endforeach()
    file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/include/cpu_variants.inc" CONTENT "${table}" @ONLY)
    target_sources(${target} PRIVATE shim/cpu_variants.cpp)
    target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/include")
endfunction()
