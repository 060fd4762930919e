package dev.diffusion4j.mutants;

import java.util.zip.CRC32;

/** A zip archive of the pickle and the storages. */
final class ZipLayout {

    /** The archive begins anew here, so that the weights stay where they are when the pickle changes. */
    private static final long ROOM = 1 << 19;

    private final FileImage image = new FileImage();
    private final Structure directory = new Structure();
    private int count;
    private long position;

    private ZipLayout() {}

    static FileImage assemble(Structure pickle, Draft draft) {
        ZipLayout zip = new ZipLayout();
        CRC32 crc = new CRC32();
        crc.update(pickle.bytes());
        zip.add("archive/data.pkl", crc.getValue(), pickle.size());
        zip.image.structure(zip.position, pickle);
        zip.position = Math.max(ROOM, zip.position + pickle.size());
        for (int i = 0; i < draft.storages.size(); i++) {
            Draft.Storage storage = draft.storages.get(i);
            // Nobody compares the checksums of weights.
            zip.add("archive/data/" + PickleLayout.key(i), 0, storage.length);
            zip.image.storage(zip.position, storage);
            zip.position += storage.length;
        }
        return zip.end();
    }

    private void add(String name, long crc, long size) {
        Structure local = new Structure()
                .u32("local signature", 0x0403_4b50)
                .u16("version", 20)
                .u16("flags", 0)
                .u16("method", 0)
                .u32("time", 0)
                .u32("checksum", crc)
                .u32("packed size", size)
                .u32("size", size)
                .u16("name length", name.length())
                .u16("extra length", 0)
                .text("name", name);
        directory
                .u32("central signature", 0x0201_4b50)
                .u16("made by", 20)
                .u16("version", 20)
                .u16("flags", 0)
                .u16("method", 0)
                .u32("time", 0)
                .u32("checksum", crc)
                .u32("packed size", size)
                .u32("size", size)
                .u16("name length", name.length())
                .u16("extra length", 0)
                .u16("comment length", 0)
                .u16("disk", 0)
                .u16("internal attributes", 0)
                .u32("attributes", 0)
                .u32("local offset", position)
                .text("name", name);
        image.structure(position, local);
        position += local.size();
        count++;
    }

    private FileImage end() {
        Structure end = new Structure()
                .u32("end signature", 0x0605_4b50)
                .u16("disk", 0)
                .u16("directory disk", 0)
                .u16("entries here", count)
                .u16("entries", count)
                .u32("directory size", directory.size())
                .u32("directory offset", position)
                .u16("comment length", 0);
        image.structure(position, directory);
        image.structure(position + directory.size(), end);
        return image;
    }
}
