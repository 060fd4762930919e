package dev.diffusion4j.server.internal.webui;

import dev.diffusion4j.server.internal.http.Router;
import dev.diffusion4j.server.internal.request.Jobs;

/** placeholder */
public final class WebUiApi {
    private WebUiApi() {}

    public static void addTo(Router router, Jobs jobs) {}
}
