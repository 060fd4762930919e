package dev.diffusion4j.server.internal.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The routes of the server. */
public final class Router {

    private final List<Route> routes = new ArrayList<>();

    /** A route that was found, with the values of the names in its pattern. */
    record Match(Route route, Map<String, String> parameters) {}

    /** The routes of a surface, which write errors alike. */
    public final class Surface {

        private final ErrorFormat errors;

        private Surface(ErrorFormat errors) {
            this.errors = errors;
        }

        /** Adds a route for {@code GET}. */
        public Surface get(String pattern, Handler handler) {
            return add("GET", pattern, false, handler);
        }

        /** Adds a route for {@code GET} that needs no key. */
        public Surface getOpen(String pattern, Handler handler) {
            return add("GET", pattern, true, handler);
        }

        /** Adds a route for {@code POST}. */
        public Surface post(String pattern, Handler handler) {
            return add("POST", pattern, false, handler);
        }

        /** Adds a route for {@code DELETE}. */
        public Surface delete(String pattern, Handler handler) {
            return add("DELETE", pattern, false, handler);
        }

        private Surface add(String method, String pattern, boolean open, Handler handler) {
            routes.add(new Route(method, pattern, errors, open, handler));
            return this;
        }
    }

    /** Begins a surface. */
    public Surface surface(ErrorFormat errors) {
        return new Surface(errors);
    }

    /** The route of a request; for {@code HEAD} that of {@code GET}. */
    Optional<Match> find(String method, String path) {
        String wanted = method.equals("HEAD") ? "GET" : method;
        return at(path).stream()
                .filter(match -> match.route().method().equals(wanted))
                .findFirst();
    }

    /** All routes of a path, whatever the method. */
    List<Match> at(String path) {
        List<Match> found = new ArrayList<>();
        for (Route route : routes) {
            route.match(path).ifPresent(parameters -> found.add(new Match(route, parameters)));
        }
        return found;
    }

    /** How errors are written for a path that no route has: as by the surface that begins alike, else the first one. */
    ErrorFormat errorsFor(String path) {
        String first = firstSegment(path);
        return routes.stream()
                .filter(route -> firstSegment(route.pattern()).equals(first))
                .findFirst()
                .orElse(routes.getFirst())
                .errors();
    }

    private static String firstSegment(String path) {
        int end = path.indexOf('/', 1);
        return end < 0 ? path : path.substring(0, end);
    }
}
