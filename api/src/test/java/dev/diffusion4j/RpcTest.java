package dev.diffusion4j;

import static dev.diffusion4j.testing.DrawnPicture.psnr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.diffusion4j.demo.DemoModel;
import dev.diffusion4j.device.Device;
import dev.diffusion4j.device.DeviceChoice;
import dev.diffusion4j.device.RpcServerOptions;
import dev.diffusion4j.error.DeviceUnavailableException;
import dev.diffusion4j.error.GenerationCancelledException;
import dev.diffusion4j.error.InvalidRequestException;
import dev.diffusion4j.modelfile.ComponentKind;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Models on devices of other machines, played by servers on the loopback interface. */
@Tag("native")
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RpcTest {

    private static final RpcServerOptions OPTIONS =
            RpcServerOptions.DEFAULT.withPort(0).withDevice(DeviceChoice.cpu()).withThreads(2);

    private static BufferedImage expected;

    /** What waits until somebody is given up, which takes ten seconds, does so while the other tests run. */
    private static CompletableFuture<Throwable> openedOnSilentServer;

    private static CompletableFuture<List<Integer>> servedSilentClient;

    @BeforeAll
    static void begin() {
        expected = drawHere();
        openedOnSilentServer = CompletableFuture.supplyAsync(RpcTest::openOnSilentServer, Thread::startVirtualThread);
        servedSilentClient = CompletableFuture.supplyAsync(RpcTest::serveSilentClient, Thread::startVirtualThread);
    }

    private static DiffusionModel open(DeviceChoice choice) {
        return DiffusionModel.options().device(choice).open(DemoModel.path());
    }

    private static BufferedImage drawHere() {
        try (DiffusionModel sd = open(DeviceChoice.cpu())) {
            return DevicesTest.draw(sd);
        }
    }

    @Test
    void aModelSpreadOverTwoServersDrawsTheSamePicture() {
        try (RpcServer first = RpcServer.start(OPTIONS);
                RpcServer second = RpcServer.start(OPTIONS)) {
            ModelOpener options = DiffusionModel.options()
                    .device(DeviceChoice.rpc(first.address()))
                    .device(ComponentKind.AUTOENCODER, DeviceChoice.rpc(second.address()));
            try (DiffusionModel sd = options.open(DemoModel.path())) {
                assertThat(sd.device(ComponentKind.AUTOENCODER)).isNotEqualTo(sd.device(ComponentKind.DENOISER));
                assertThat(psnr(expected, DevicesTest.draw(sd))).isGreaterThan(45);
            }
            // A server takes the next client when the last is gone.
            try (DiffusionModel again = open(DeviceChoice.rpc(first.address()))) {
                assertThat(psnr(expected, DevicesTest.draw(again))).isGreaterThan(45);
            }
        }
    }

    @Test
    void twoModelsShareAServer() {
        try (RpcServer server = RpcServer.start(OPTIONS);
                DiffusionModel first = open(DeviceChoice.rpc(server.address()));
                DiffusionModel second = open(DeviceChoice.rpc(server.address()))) {
            Generation<GeneratedImage> one = first.textToImage("a red circle on a white background")
                    .steps(4)
                    .seed(42)
                    .start();
            assertThat(psnr(expected, DevicesTest.draw(second))).isGreaterThan(45);
            assertThat(psnr(expected, one.await().toBufferedImage())).isGreaterThan(45);
        }
    }

    @Test
    void aChildProcessUsesAServer() {
        try (RpcServer server = RpcServer.start(OPTIONS);
                DiffusionModel sd = DiffusionModel.options()
                        .isolated()
                        .device(DeviceChoice.rpc(server.address()))
                        .open(DemoModel.path())) {
            assertThat(psnr(expected, DevicesTest.draw(sd))).isGreaterThan(45);
        }
    }

    @Test
    void aServersDevicesAreListedAndNotTakenForThoseOfThisMachine() {
        try (RpcServer server = RpcServer.start(OPTIONS)) {
            List<Device> devices = NativeRuntime.remoteDevices(server.address());
            assertThat(devices).singleElement().satisfies(device -> {
                assertThat(device.kind()).isEqualTo(Device.Kind.REMOTE);
                assertThat(device.description()).contains(server.address());
                assertThat(NativeRuntime.memory(device).total()).isPositive();
            });
            assertThat(NativeRuntime.devices()).noneMatch(device -> device.kind() == Device.Kind.REMOTE);
            try (DiffusionModel sd = DiffusionModel.open(DemoModel.path())) {
                assertThat(sd.device(ComponentKind.DENOISER))
                        .isNotEqualTo(devices.getFirst().name());
            }
        }
    }

    @Test
    void aServerThatIsLostWhileItWorksIsAnExceptionAndTheModelCloses() {
        RpcServer server = RpcServer.start(OPTIONS);
        DiffusionModel sd = open(DeviceChoice.rpc(server.address()));
        assertThatThrownBy(() -> sd.textToImage("a red circle")
                        .steps(20)
                        .onProgress(progress -> {
                            if (progress.phase() == Progress.Phase.SAMPLING && progress.step() == 2) {
                                server.close();
                            }
                        })
                        .generate())
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessageContaining("lost");
        assertThatThrownBy(() -> DevicesTest.draw(sd)).isInstanceOf(DeviceUnavailableException.class);
        sd.close();
        assertThat(drawHere()).isNotNull();
    }

    @Test
    void aServerThatIsLostBetweenCallsIsAnException() {
        RpcServer server = RpcServer.start(OPTIONS);
        try (DiffusionModel sd = open(DeviceChoice.rpc(server.address()))) {
            DevicesTest.draw(sd);
            server.close();
            assertThatThrownBy(() -> DevicesTest.draw(sd)).isInstanceOf(DeviceUnavailableException.class);
        }
    }

    @Test
    void aServerThatIsLostBeforeTheWeightsAreLoadedIsAnException() {
        RpcServer server = RpcServer.start(OPTIONS);
        try (DiffusionModel sd = open(DeviceChoice.rpc(server.address()))) {
            server.close();
            assertThatThrownBy(() -> DevicesTest.draw(sd)).isInstanceOf(DeviceUnavailableException.class);
        }
    }

    @Test
    void anAddressWithoutAServerIsRefused() throws IOException {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        assertThatThrownBy(() -> open(DeviceChoice.rpc("127.0.0.1:" + free)))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessageContaining("127.0.0.1:" + free)
                .hasMessageContaining("refused");
        assertThatThrownBy(() -> open(DeviceChoice.rpc("no-such-host.invalid:50052")))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessageContaining("no-such-host.invalid");
        try (DiffusionModel sd = open(DeviceChoice.rpc("127.0.0.1:" + free).orElseCpu())) {
            assertThat(sd.device(ComponentKind.AUTOENCODER)).isEqualToIgnoringCase("cpu");
        }
    }

    private static Throwable openOnSilentServer() {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return catchThrowable(() -> open(DeviceChoice.rpc("127.0.0.1:" + silent.getLocalPort())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whatListensButDoesNotAnswerIsGivenUp() {
        assertThat(openedOnSilentServer.join())
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessageContaining("does not answer");
    }

    @Test
    void whatAnswersNonsenseIsRefused() throws Exception {
        try (ServerSocket strange = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread answer = Thread.ofVirtual().start(() -> {
                try (Socket client = strange.accept()) {
                    client.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes());
                    client.getInputStream().readAllBytes();
                } catch (IOException e) {
                    // The client has left.
                }
            });
            assertThatThrownBy(() -> open(DeviceChoice.rpc("127.0.0.1:" + strange.getLocalPort())))
                    .isInstanceOf(DeviceUnavailableException.class);
            answer.join();
        }
    }

    private static int port(RpcServer server) {
        return Integer.parseInt(server.address().split(":")[1]);
    }

    /** Returns what the client reads, and how many devices the next one finds. */
    private static List<Integer> serveSilentClient() {
        try (RpcServer server = RpcServer.start(OPTIONS);
                Socket silent = new Socket("127.0.0.1", port(server))) {
            // It is the one that is served, until it is given up.
            return List.of(
                    silent.getInputStream().read(),
                    NativeRuntime.remoteDevices(server.address()).size());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aClientThatSaysNothingIsSentAwayAndTheNextIsServed() {
        assertThat(servedSilentClient.join()).containsExactly(-1, 1);
    }

    @Test
    void aMessageThatLeavesNoMemoryForAnythingElseIsRefusedBeforeItArrives() throws IOException {
        Device cpu = NativeRuntime.devices().stream()
                .filter(device -> device.kind() == Device.Kind.CPU)
                .findFirst()
                .orElseThrow();
        long memory = NativeRuntime.memory(cpu).total();
        try (RpcServer server = RpcServer.start(OPTIONS);
                Socket client = new Socket("127.0.0.1", port(server))) {
            ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
            bytes.put((byte) 14).putLong(24).put(new byte[24]);
            bytes.put((byte) 6).putLong(memory / 4 * 3);
            client.getOutputStream().write(bytes.array(), 0, bytes.position());
            // The answer to the greeting, and nothing more.
            assertThat(client.getInputStream().readAllBytes()).hasSize(8 + 4 + 24);
        }
    }

    @Test
    void anAddressThatOtherMachinesReachHasToBeAllowed() {
        RpcServerOptions open = OPTIONS.withHost("0.0.0.0");
        assertThatThrownBy(() -> RpcServer.start(open))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("0.0.0.0");
        try (RpcServer server = RpcServer.start(open.withInsecure(true))) {
            assertThat(NativeRuntime.remoteDevices("127.0.0.1:" + port(server))).hasSize(1);
        }
    }

    @Test
    void aCancelledCallWaitsForASlowServerAndTheModelGoesOn() throws Exception {
        try (RpcServer server = RpcServer.start(OPTIONS);
                SlowRelay relay = SlowRelay.to(port(server));
                DiffusionModel sd = open(DeviceChoice.rpc("127.0.0.1:" + relay.port()))) {
            DevicesTest.draw(sd);
            AtomicReference<Generation<GeneratedImage>> running = new AtomicReference<>();
            CountDownLatch started = new CountDownLatch(1);
            Generation<GeneratedImage> generation = sd.textToImage("a red circle on a white background")
                    .steps(20)
                    .onProgress(progress -> {
                        if (progress.phase() == Progress.Phase.SAMPLING && progress.step() == 2) {
                            // Longer than any limit that there was for what is cancelled.
                            relay.holdAnswersBackUntil(
                                    new CompletableFuture<Void>().completeOnTimeout(null, 12, TimeUnit.SECONDS));
                            awaitQuietly(started);
                            running.get().cancel();
                        }
                    })
                    .start();
            running.set(generation);
            started.countDown();
            assertThatThrownBy(generation::await).isInstanceOf(GenerationCancelledException.class);
            assertThat(psnr(expected, DevicesTest.draw(sd))).isGreaterThan(45);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Stands between clients, one after another, and a server, and can keep what the server answers for a while. */
    private static final class SlowRelay implements AutoCloseable {

        private final ServerSocket listener;
        private final int serverPort;
        private volatile CompletableFuture<Void> heldBack = CompletableFuture.completedFuture(null);

        private SlowRelay(ServerSocket listener, int serverPort) {
            this.listener = listener;
            this.serverPort = serverPort;
        }

        static SlowRelay to(int serverPort) throws IOException {
            SlowRelay relay = new SlowRelay(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()), serverPort);
            Thread.ofVirtual().start(relay::serve);
            return relay;
        }

        int port() {
            return listener.getLocalPort();
        }

        void holdAnswersBackUntil(CompletableFuture<Void> moment) {
            heldBack = moment;
        }

        private void serve() {
            try {
                while (true) {
                    Socket client = listener.accept();
                    Socket server = new Socket("127.0.0.1", serverPort);
                    Thread.ofVirtual().start(() -> pump(client, server, false));
                    pump(server, client, true);
                }
            } catch (IOException e) {
                // Closed: the test is over.
            }
        }

        private void pump(Socket from, Socket to, boolean answers) {
            byte[] buffer = new byte[1 << 16];
            try {
                for (int count = from.getInputStream().read(buffer);
                        count >= 0;
                        count = from.getInputStream().read(buffer)) {
                    if (answers) {
                        heldBack.join();
                    }
                    to.getOutputStream().write(buffer, 0, count);
                }
            } catch (IOException e) {
                // One of the two has left.
            } finally {
                closeQuietly(from);
                closeQuietly(to);
            }
        }

        private static void closeQuietly(Socket socket) {
            try {
                socket.close();
            } catch (IOException e) {
                // It is gone.
            }
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }

    @Test
    void aClientThatSendsNonsenseIsSentAwayAndTheNextIsServed() throws IOException {
        try (RpcServer server = RpcServer.start(OPTIONS)) {
            int port = port(server);
            try (Socket client = new Socket("127.0.0.1", port)) {
                client.getOutputStream().write(new byte[] {14, 24, 0, 0, 0, 0, 0, 0, 0});
                client.getOutputStream().write(new byte[24]);
                // A tensor to set whose size does not fit into any memory.
                client.getOutputStream().write(new byte[] {6, -1, -1, -1, -1, -1, -1, -1, 127});
                client.getOutputStream().flush();
                assertThat(client.getInputStream().readAllBytes()).hasSizeGreaterThan(0);
            }
            assertThat(NativeRuntime.remoteDevices(server.address())).hasSize(1);
        }
    }
}
