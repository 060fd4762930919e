# d4j_make_way_for_overrides(<folder of ggml-cpu> [TARGET_DIRECTORY <target>]): the units of shim/overrides define functions that
# ggml's own sources call; theirs get other names, for targets of this directory or that of the target.

function(d4j_make_way_for_overrides folder)
    set(functions_of_ops.cpp conv_2d flash_attn_ext im2col)
    set(functions_of_binary-ops.cpp add_non_quantized mul)
    foreach(source IN ITEMS ops.cpp binary-ops.cpp)
        list(TRANSFORM functions_of_${source} REPLACE "^.+$"
            "ggml_compute_forward_\\0=ggml_compute_forward_\\0_replaced" OUTPUT_VARIABLE definitions)
        set_property(SOURCE "${folder}/${source}" ${ARGN} APPEND PROPERTY COMPILE_DEFINITIONS ${definitions})
    endforeach()
    # Asked before all of them.
    set_property(SOURCE "${folder}/traits.cpp" ${ARGN} APPEND PROPERTY COMPILE_DEFINITIONS
        ggml_cpu_extra_work_size=ggml_cpu_extra_work_size_replaced
        ggml_cpu_extra_compute_forward=ggml_cpu_extra_compute_forward_replaced)
endfunction()
