# Compiles for Linux on 64-bit Arm with GCC's cross compiler (Debian, Ubuntu: apt-get install g++-aarch64-linux-gnu).
# With qemu-user installed as well, ctest runs the tests on the emulated processor.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

set(D4J_TARGET_TRIPLE aarch64-linux-gnu)
set(CMAKE_C_COMPILER ${D4J_TARGET_TRIPLE}-gcc)
set(CMAKE_CXX_COMPILER ${D4J_TARGET_TRIPLE}-g++)

# Programs are the builder's, libraries and headers the target's.
set(CMAKE_FIND_ROOT_PATH /usr/${D4J_TARGET_TRIPLE})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

find_program(D4J_QEMU NAMES qemu-aarch64 qemu-aarch64-static)
if(D4J_QEMU)
    set(CMAKE_CROSSCOMPILING_EMULATOR "${D4J_QEMU};-L;/usr/${D4J_TARGET_TRIPLE}")
endif()
