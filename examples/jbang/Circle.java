///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 25+
//DEPS dev.diffusion4j:diffusion4j-bom:0.1.0@pom
//DEPS dev.diffusion4j:diffusion4j
//DEPS dev.diffusion4j:diffusion4j-natives:0.1.0:${natives:linux-x86_64-cpu}
//DEPS dev.diffusion4j:diffusion4j-demo-model
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED

import dev.diffusion4j.DiffusionModel;
import dev.diffusion4j.demo.DemoModel;

void main() {
    try (DiffusionModel model = DiffusionModel.open(DemoModel.path())) {
        model.textToImage("a red circle on a white background").seed(42).generate().save(Path.of("circle.png"));
    }
}
