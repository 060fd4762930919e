package dev.diffusion4j.spring.boot;

import dev.diffusion4j.hub.DownloadListener;
import dev.diffusion4j.hub.DownloadPlan;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** Writes to the application's log what is downloaded. */
final class DownloadLog implements DownloadListener {

    private static final Log LOG = LogFactory.getLog(DownloadLog.class);

    @Override
    public void onPlan(DownloadPlan plan) {
        if (plan.remainingBytes() > 0) {
            LOG.info("Downloading " + plan.remainingBytes() / 1_000_000 + " MB to " + plan.folder());
        }
    }

    @Override
    public void onWarning(String message) {
        LOG.warn(message);
    }
}
