/*
 * Keeps the library's static objects when the process exits. Threads go on until the process is gone, a model's in the
 * middle of a picture perhaps, and ggml's CPU backend looks into a static list for each graph: exit() would destroy it
 * under them. Compilers register the destructors of static objects with this function (Itanium C++ ABI, 3.3.6.3); all of
 * the library finds this one, which forgets them.
 */
extern "C" int __cxa_atexit(void (* /*destroy*/)(void*), void* /*object*/, void* /*library*/) {
    return 0;
}
