/*
 * In place of the transport.cpp of ggml's RPC backend, for which a peer that does not answer is one to wait for
 * forever: connecting and greeting have a limit here, on both sides, and a machine that vanished is noticed. A message may be no
 * larger than a limit: the backend makes room for what a peer announces. What failed once fails from then on. A call that was
 * cancelled waits for the answer to what runs there, and stops before the next: without it the connection would be lost, and
 * with it the model.
 */
#include "rpc_transport.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "guard.h"
#include "transport.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto GREETING_LIMIT   = std::chrono::seconds(10);
constexpr int POLL_MILLISECONDS = 50;
/* A machine that is gone is given up after so many seconds without a sign of life. */
constexpr int SILENCE_SECONDS = 30;

thread_local std::string failure;
thread_local int32_t bound_port      = 0;
thread_local uint64_t message_limit  = UINT64_MAX;
thread_local const int32_t* stop_flag = nullptr;

bool stop_requested() {
    return stop_flag != nullptr && __atomic_load_n(stop_flag, __ATOMIC_ACQUIRE) != 0;
}

/* Waits until the socket is ready; false after the limit, or when the server is stopped. */
class Wait {
public:
    explicit Wait(Clock::time_point limit) : limit_(limit) {}

    bool until(int fd, short events) {
        while (true) {
            pollfd state    = {fd, events, 0};
            const int ready = ::poll(&state, 1, POLL_MILLISECONDS);
            if (ready > 0) {
                return true;
            }
            if (ready < 0 && errno != EINTR) {
                failure = std::strerror(errno);
                return false;
            }
            if (stop_requested()) {
                failure = "it was stopped";
                return false;
            }
            if (Clock::now() > limit_) {
                failure = "it does not answer: it may serve another client, or be no RPC server";
                return false;
            }
        }
    }

private:
    Clock::time_point limit_;
};

void set_option(int fd, int level, int name, int value) {
    // Of use where it works; nothing depends on it.
    (void) ::setsockopt(fd, level, name, &value, sizeof(value));
}

void prepare(int fd) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#if defined(TCP_KEEPIDLE)
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, SILENCE_SECONDS / 2);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, SILENCE_SECONDS / 6);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
#endif
#if defined(TCP_USER_TIMEOUT)
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, SILENCE_SECONDS * 1000);
#endif
#if defined(SO_NOSIGPIPE)
    set_option(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
}

#if defined(MSG_NOSIGNAL)
constexpr int SEND_FLAGS = MSG_NOSIGNAL;
#else
constexpr int SEND_FLAGS = 0;
#endif

struct Addresses {
    addrinfo* first = nullptr;
    ~Addresses() {
        if (first != nullptr) {
            ::freeaddrinfo(first);
        }
    }
};

bool resolve(const char* host, int port, int flags, Addresses& addresses) {
    addrinfo wanted    = {};
    wanted.ai_family   = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags    = flags;
    const int status   = ::getaddrinfo(host, std::to_string(port).c_str(), &wanted, &addresses.first);
    if (status != 0) {
        failure = std::string("the host name is not known (") + ::gai_strerror(status) + ")";
    }
    return status == 0;
}

}  // namespace

struct socket_t::impl {
    enum class Role { CLIENT, LISTENER, SERVER };

    impl(int socket, Role r)
        : fd(socket), role(r), greeting_limit(r == Role::LISTENER ? Clock::time_point::max() : Clock::now() + GREETING_LIMIT) {}
    ~impl() { ::close(fd); }

    /* A server gets messages as a command of one byte, a size of eight, and as many bytes. */
    bool accepts(const void* data, size_t size) {
        if (role != Role::SERVER) {
            return true;
        }
        if (expects_size && size == sizeof(uint64_t)) {
            expects_size       = false;
            uint64_t announced = 0;
            std::memcpy(&announced, data, sizeof(announced));
            failure = "it announced a message of " + std::to_string(announced) + " bytes";
            return announced <= message_limit;
        }
        expects_size = size == 1;
        return true;
    }

    /* Ends the connection, so that nobody takes what comes late for the answer to something else. */
    bool fail() {
        ::shutdown(fd, SHUT_RDWR);
        return false;
    }

    int fd;
    Role role;
    Clock::time_point greeting_limit;
    bool expects_size = false;
};

socket_t::socket_t(std::unique_ptr<impl> p) : pimpl(std::move(p)) {}

socket_t::~socket_t() = default;

bool socket_t::send_data(const void* data, size_t size) {
    const char* next = static_cast<const char*>(data);
    Wait wait(pimpl->greeting_limit);
    while (size > 0) {
        const ssize_t sent = ::send(pimpl->fd, next, std::min(size, MAX_CHUNK_SIZE), SEND_FLAGS);
        if (sent > 0) {
            next += sent;
            size -= static_cast<size_t>(sent);
        } else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!wait.until(pimpl->fd, POLLOUT)) {
                return pimpl->fail();
            }
        } else if (sent < 0 && errno != EINTR) {
            failure = std::strerror(errno);
            return pimpl->fail();
        }
    }
    return true;
}

bool socket_t::recv_data(void* data, const size_t whole) {
    size_t size = whole;
    char* next  = static_cast<char*>(data);
    Wait wait(pimpl->greeting_limit);
    while (size > 0) {
        const ssize_t received = ::recv(pimpl->fd, next, std::min(size, MAX_CHUNK_SIZE), 0);
        if (received > 0) {
            next += received;
            size -= static_cast<size_t>(received);
        } else if (received == 0) {
            failure = "it closed the connection";
            return pimpl->fail();
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait.until(pimpl->fd, POLLIN)) {
                return pimpl->fail();
            }
        } else if (errno != EINTR) {
            failure = std::strerror(errno);
            return pimpl->fail();
        }
    }
    return pimpl->accepts(data, whole) || pimpl->fail();
}

/* Called on both sides after the greeting: from now on an answer takes as long as the work does. */
void socket_t::update_caps(const uint8_t* /*remote_caps*/) {
    pimpl->greeting_limit = Clock::time_point::max();
}

/* No other transport than TCP. */
void socket_t::get_caps(uint8_t* local_caps) {
    std::memset(local_caps, 0, RPC_CONN_CAPS_SIZE);
}

/* Throws in place of returning null, which not all of the original's callers expect. */
socket_ptr socket_t::connect(const char* host, int port) {
    const auto refused = [&](const std::string& reason) {
        failure = reason;
        return d4j::Failure{D4J_UNAVAILABLE, std::string("there is no RPC server at ") + host + ":" + std::to_string(port) + ": " + reason};
    };
    Addresses addresses;
    if (!resolve(host, port, 0, addresses)) {
        throw refused(failure);
    }
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) {
        throw refused(std::strerror(errno));
    }
    socket_ptr connection(new socket_t(std::make_unique<impl>(fd, impl::Role::CLIENT)));
    prepare(fd);
    int problem = ::connect(fd, addresses.first->ai_addr, addresses.first->ai_addrlen) == 0 ? 0 : errno;
    if (problem == EINPROGRESS) {
        if (!Wait(connection->pimpl->greeting_limit).until(fd, POLLOUT)) {
            throw refused("it does not answer");
        }
        socklen_t length = sizeof(problem);
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &length);
    }
    if (problem != 0) {
        throw refused(std::strerror(problem));
    }
    return connection;
}

socket_ptr socket_t::create_server(const char* host, int port) {
    Addresses addresses;
    if (!resolve(host, port, AI_PASSIVE, addresses)) {
        return nullptr;
    }
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) {
        failure = std::strerror(errno);
        return nullptr;
    }
    socket_ptr server(new socket_t(std::make_unique<impl>(fd, impl::Role::LISTENER)));
    prepare(fd);
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (::bind(fd, addresses.first->ai_addr, addresses.first->ai_addrlen) != 0 || ::listen(fd, 1) != 0) {
        failure = std::strerror(errno);
        return nullptr;
    }
    sockaddr_in bound = {};
    socklen_t length  = sizeof(bound);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length);
    bound_port = ntohs(bound.sin_port);
    return server;
}

socket_ptr socket_t::accept() {
    while (Wait(Clock::time_point::max()).until(pimpl->fd, POLLIN)) {
        const int fd = ::accept(pimpl->fd, nullptr, nullptr);
        if (fd >= 0) {
            prepare(fd);
            return socket_ptr(new socket_t(std::make_unique<impl>(fd, impl::Role::SERVER)));
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED) {
            failure = std::strerror(errno);
            return nullptr;
        }
    }
    return nullptr;
}

bool rpc_transport_init() {
    return true;
}

void rpc_transport_shutdown() {}

namespace d4j {

const std::string& transport_failure() noexcept {
    return failure;
}

int32_t transport_bound_port() noexcept {
    return bound_port;
}

void transport_limit_messages(uint64_t bytes) noexcept {
    message_limit = bytes;
}

void transport_stop_on(const int32_t* flag) noexcept {
    stop_flag = flag;
}

}  // namespace d4j
