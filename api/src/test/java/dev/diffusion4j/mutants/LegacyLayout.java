package dev.diffusion4j.mutants;

import java.util.HexFormat;

/** Pickles one after the other, then each storage after its length. */
final class LegacyLayout {

    private LegacyLayout() {}

    static FileImage assemble(Structure pickle, Draft draft) {
        Structure head = new Structure();
        head.append(PickleLayout.begin()).raw("magic", HexFormat.of().parseHex("8a0a6cfc9c46f9206aa850192e"));
        head.append(PickleLayout.begin()).u8("short", 'M').u16("version", 1001).u8("end", '.');
        head.append(PickleLayout.begin()).u8("dictionary", '}').u8("end", '.');
        head.append(pickle);
        head.append(PickleLayout.begin()).u8("list", ']').u8("mark", '(');
        for (int i = 0; i < draft.storages.size(); i++) {
            PickleLayout.text(head, "key", PickleLayout.key(i));
        }
        head.u8("append", 'e').u8("end", '.');

        FileImage image = new FileImage();
        image.structure(0, head);
        long position = head.size();
        for (Draft.Storage storage : draft.storages) {
            long elements = storage.length / storage.weights.getFirst().type.blockBytes();
            image.structure(position, new Structure().i64("storage length", elements));
            image.storage(position + Long.BYTES, storage);
            position += Long.BYTES + storage.length;
        }
        image.length = position;
        return image;
    }
}
