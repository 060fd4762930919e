# The one place that says which stable-diffusion.cpp this library is built from. Raising the version means: new values
# here and in cmake/source/Cargo.toml, and a look at every file of native/shim that names upstream internals.

set(D4J_RUNTIME_PACKAGE "diffusion-rs-sys")
set(D4J_RUNTIME_VERSION "0.1.20")
# SHA-256 of the package file, as the registry states it.
set(D4J_RUNTIME_CHECKSUM "1947b40e9b457a11baef32b105b5047227911ac48ae050e5828c5980e6a12af4")
set(D4J_RUNTIME_COMMIT "9838264c")
set(D4J_RUNTIME_DESCRIPTION "${D4J_RUNTIME_PACKAGE} ${D4J_RUNTIME_VERSION} (stable-diffusion.cpp ${D4J_RUNTIME_COMMIT})")

# What identifies a source tree given by hand: SHA-256 of some files that change with almost every upstream commit.
set(D4J_RUNTIME_DIGESTS
    "include/stable-diffusion.h=bbab587207b82726bf4b58c8624f5f87652c0cd10dbd1420b48fb9bddd7516d3"
    "src/stable-diffusion.cpp=76088e38db18bff2bf5fd46540bece089d07845527929cdd87c02dc6b5d92a40"
    "src/core/util.cpp=1397894ad6606e8f5697d4f03cb272ca866613e65894fb10ad72f5839fa314cb"
    "src/core/ggml_extend.hpp=b4fe129450839e3a49a27c2f28f4985aae313f53f4b570cc0829ddc024af762e"
    "src/model_loader.cpp=c18b0c6b332b9159e216aecaaa3347c6fe00982f773eb4b47fe76e02fc4f8f36"
    "ggml/include/ggml.h=e28159d52dedb53dd527c9a80edbad662971e6e3d4a14731167c27bb076c8b2c"
    "ggml/src/ggml.c=7ad517897d080bc3bb930ee2e9d94c29add67fe17085110b54de45e9af69e3e5"
    "ggml/src/ggml-cpu/ggml-cpu.c=01c89eda0307c6239f1ceea1773727f484dea313f0846c85aa0b0ad88a033128")
