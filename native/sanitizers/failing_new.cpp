// A sanitizer's operator new ends the process where memory does not suffice. This one, which is preloaded in its place, throws
// as the usual one does, so that the code that deals with std::bad_alloc is tested too. malloc and free are the sanitizer's.
#include <cstdlib>
#include <new>

extern "C" __attribute__((weak)) void __asan_handle_no_return();

void* operator new(std::size_t size) {
    void* const memory = std::malloc(size > 0 ? size : 1);
    if (memory == nullptr) {
        if (__asan_handle_no_return != nullptr) {
            __asan_handle_no_return();
        }
        throw std::bad_alloc();
    }
    return memory;
}

void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size > 0 ? size : 1); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size > 0 ? size : 1); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
