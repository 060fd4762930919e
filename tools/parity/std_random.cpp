// Prints what GNU libstdc++'s default engine and normal distribution draw: the values in NormalGeneratorTest.
//   g++ -O2 std_random.cpp -o std_random && ./std_random
#include <cstdio>
#include <random>

int main() {
    for (unsigned seed : {0u, 42u}) {
        std::default_random_engine engine(seed);
        for (int count : {5, 3}) {
            std::normal_distribution<float> normal(0.0f, 1.0f);
            for (int i = 0; i < count; i++) {
                std::printf("%.9gf, ", normal(engine));
            }
            std::printf("\n");
        }
    }
}
