package dev.diffusion4j.tokenizer;

/**
 * How the reference tokenizer sees each code point, read out of the reference by tools/parity/tokenizer.py; not
 * edited by hand. Its parts follow different Unicode versions (its NFC is years behind its lower case), and so does
 * every JDK, which is why these are data and no calls of {@link Character}.
 *
 * <p>Numbers are in base 36. Sets are gap and length in turns.
 */
final class UnicodeTables {

    /** Letters: {@code \p{L}}. */
    static final String LETTERS = """
            1t q 6 q 1b 1 a 1 4 1 5 n 1 v 1 cq 4 c e 5 7 1 1 1 3l 5 1 2 2 4 1 1 6 1 1 3 1 1 1 k 1 2b 1 3v 8 4m 1
            12 2 1 6 15 1z r 4 4 19 17 z 2 1 2r 1 1 f 2 7 2 a 3 2 1 g 1 1 u t 2h b 1 o x 9 2 4 1 5 m 4 1 9 1 3 1
            n p 7 b 5 o 1 6 h 16 1m 1i 3 1 i 1 7 a f g 4 8 2 2 2 m 1 7 1 1 3 4 3 1 g 1 d 2 1 3 e 2 a 1 8 6 4 2 2
            m 1 7 1 2 1 2 1 2 v 4 1 1 j 3 g 9 1 3 1 m 1 7 1 2 1 5 3 1 i 1 f 2 n 1 b 8 2 2 2 m 1 7 1 2 1 5 3 1 u
            2 1 3 f 1 h 1 1 6 3 3 1 4 3 2 1 1 1 2 3 2 3 3 3 c m 1 1g 8 1 3 1 n 1 g 3 1 q 3 2 1 2 2 u 1 4 8 1 3 1
            n 1 a 1 5 3 1 v 2 1 2 f 2 h 9 1 3 1 15 2 1 g 1 5 3 8 3 o 6 5 i 3 o 1 9 1 1 2 7 1m 1c 1 2 c 7 1m 2 1
            1 1 5 1 o 1 1 1 a 1 2 9 1 2 5 1 1 l 4 w 1 1r 8 1 10 r 5 37 17 k 1 g 6 4 4 3 1 3 2 7 3 4 d c 1 h 12 1
            1 5 1 2 17 1 99 1 4 2 7 1 1 1 4 2 15 1 4 2 x 1 4 2 7 1 1 1 4 2 f 1 1l 1 4 2 1v 11 g g 2e 2 6 3 h8 2
            h 1 q 5 23 6 8 7 i d j e i e d 1 3 f 1g z 1 4 1 1v 2h 7 5 2 y 1 1 5 1y a v 1d u 2 5 b 18 4 q 1i n 9
            1h 2a 1 2l 1b h 8 1i u d 2 a 18 q 10 15 3 a 10 2 b 5 17 2 3 15 4 1 6 1 2 3 1 5 5c 1s 7q 2 6 2 12 2 6
            2 8 1 1 1 1 1 1 1 v 2 1h 1 7 1 1 3 3 1 7 3 4 2 6 4 d 5 3 1 7 38 1 d 1 g d 2t 1 4 1 2 a 1 1 3 5 6 1 1
            1 1 1 1 4 1 b 2 4 5 5 4 1 1g 2 22j 6d 6 4 3 2 c 12 1 1 5 1 2 1k 7 1 g n 9 7 1 7 1 7 1 7 1 7 1 7 1 7
            1 7 28 1 d1 2 16 5 5 2 4 2e 6 3 1 2i 1 4 5 17 1 2m h w 1c g e8 534 1s h3h 1v 1a 2 7h 3 g a 2 k 1b g
            v 2 1y 1d 9 2 2v 2 1v 2 2 1 1 1 8 l g 1 3 1 4 1 n t 1g e 1e 1q 6 3 1 1 2 b s a n p t 7 1b s 1 g 5 1
            a a 5 1 15 n 3 1 8 k n 3 1 3 1e 1 1 3 2 2 5 2 1 1 1 o 3 2 b 7 3 c 6 2 6 2 6 9 7 1 7 1 17 1 e 6 37 t
            8mc c n 4 1d 6is a6 2 2y 12 7 c 5 5 1 1 a 1 d 1 5 1 1 1 2 1 2 1 30 x a3 i 1s 2 1i 14 c 38 5 1 3r 10
            q 6 q b 2h 3 6 2 6 2 6 2 3 z c 1 q 1 j 1 2 1 f 2 e y 3f at t 3 1d 1b w d k 1 8 6 12 a u 2 10 4 8 1c
            4e i 10 4 10 4 14 8 1g c b 1 f 1 7 1 2 1 b 1 f 1 7 1 2 3 1g c 8n 9 m a 8 o 6 1 16 1 9 1x 6 2 1 1 18
            1 2 3 1 2 n a n 9 v 1t j 1 2 a m a q 1y 1k 6 2 1s 1 f 4 1 3 1 t 16 t 3 t z 8 1 s r 1i a m a j d i 32
            21 1j 1f d 1f d 10 12 s 9 n 6y 16 6 2 g 3 1n t a 1 8 m 16 i 1a l r n c 1h 1l 2 2 1 d 19 w p q 10 t 1
            2 1 8 z 3 1 c 1c e 4 l 1 1 1 z i 1 p j 2 1r 7 1 1 1 4 1 f 1 a 7 1b 12 8 2 2 2 m 1 7 1 2 1 5 3 1 i 1
            c 5 u a 1 1 2 1 1 12 1 1 p 1 1 1 18 1h i 4 k 3 u 1c k 2 1 1 54 1b 15 4 10 1c k 1 1n 17 d 1 1z r 11 7
            55 18 38 1s v 8 2 1 2 8 1 2 1 o f 1 1 1 2m 8 2 13 g 1 1 1 s 1 a 14 7 1 l 1 b 1a j 1 i 21 5j x v 9 1
            11 h 1 1d u 34 7 1 2 1 12 l 1 p 6 1 2 1 w e 1 93 j f 1 1 d 1 y 3g 1 27 pm 6e 5g 218 2p f ts h 6 p
            32z 5 g7 5a1 u 1cy ft 7 v h 27 h u i 1c g 4 v l 5 j c0 19 5v 1s 3k 23 5 1 1u d 1s 2 1 1 s 4qg 8 ye
            15 a 6w7 4 1 7 1 2 1 83 f 1 t 3 2 1 e 4 8 b0 1s4 2z 5 d 3 9 7 a 4me 2d 1 1z 1 2 2 1 2 2 2 4 1 c 1 1
            1 7 1 1t 1 4 2 8 1 7 1 s 1 4 1 5 1 1 3 7 1 9g 2 p 1 p 1 v 1 p 1 v 1 p 1 v 1 p 1 v 1 p 1 8 1f8 v 6 6
            79 1q 42 19 a 7 g 1 8x u i 18 dg s 6c u 2 1 dr 7 1 4 1 2 1 f 1 5h 1n 1w 7 1 xg 4 1 r 1 2 1 1 2 1 1 a
            1 4 1 1 1 1 6 1 4 1 1 1 1 1 1 3 1 2 1 1 2 1 1 1 1 1 1 1 1 1 1 2 1 1 2 4 1 7 1 4 1 4 1 1 1 a 1 h 5 3
            1 5 1 h 3es wyo w 37e 6 66 2 4g2 e 5rl f ha 1wi f2 15u 3t7 5 38g
            """;

    /** Numbers: {@code \p{N}}. */
    static final String NUMBERS = """
            1c a 3c 2 5 1 2 3 141 a 3q a 5i a bg a 3a a 4 6 30 a 3a a 3a a 2 6 32 d 37 a 8 7 2v a 2w 7 7 j 31 a
            2o a 3a a 1y k 7g a 1y a jz k oh 3 6n a 6 a m a 8c a 3k b 4l a 6 a 52 a 2e a 3q a 6 a t2 1 3 6 6 a
            5i 1f 2 5 k6 1o 26 m hi u 12h 1 ll 1 p 9 e 3 9j 4 3u a u 8 1 f w a 13 f msg a 58 a 8w 6 4a a 12 a 5i
            a m a 2e a ba a geu a dp 19 c 1l h 2 9h r 10 4 t 1 8 1 3q 5 5m a q6 8 p 7 13 9 23 5 m 6 4g 2 2 g 2
            1a 1s 9 1g 2 u 3 23 5 2w 8 o 8 15 7 96 6 1c a 6 a 7q v 4e a 16 4 34 7 3q u 3k a 1o a 40 a 7 k 6z a
            9i a 3a a ae a 2u a 6 k 24 c bo j 2l a ie a 2e t 6b a 1y a bq a 2u l tn 33 c01 a 1t2 a 2e a 3q a 1 7
            em a 7a n imx a 152 k c k 30 p ut 1e 1ts a bq a dy a 6v a jw 9 3k a lz 1n 1 3 1 4 24 19 1 f qq d 25f
            a
            """;

    /** White space: {@code \s}. */
    static final String WHITE_SPACE = """
            9 5 i 1 2s 1 q 1 4bj 1 1vj b t 2 5 1 1b 1 334 1
            """;

    /** What its NFC moves, replaces or joins with a neighbour. */
    static final String COMPOSING = """
            1o 3 2 g 1 9 6 g 1 9 19 1 n g 1 6 1 6 2 g 1 6 1 6 1 h 2 k 2 9 3 4 1 6 4 6 3 6 2 i 2 o w 2 d 2 6 1 l
            g 1 6 2 b 3 2 2 10 2 2 6 e 2m 1 31 27 1 w 4 1 9 1 6 6 1 1 1 4 3 1 1 1 1 1 5 1 1 1 3 1 3 9 3 1 1 1 1
            1 5 1 1 1 3 1 3 6 3 3 17 2 1 1 2 2 4 3 1 1 2 1 1 6 3 1 4 1 3 1 3 1 1 1 2 1 2 1 1 6 3 1 4 1 3 1 3 1 1
            1 2 2 1 1 2 2 4 3 l 4 b 5 1l 2 d 4 2 a 2 k 2 2 47 19 1 1 1 2 1 2 1 1 20 b 7 6 w 1 1 m g 1 27 3 f 2 1
            8 2 6 2 2 1 4 z 1 u r 4g 9 y 4 1 9 1 3 1 5 17 3 3c e 1 t 14 2 6 2 1 2 7 1 g 1 3 4 3 8 2k 1 1 1 8 1 3
            3 9 1 4 2 1 1 2b 1 2 1 5 1 g 1 b 3 2 1 2l 1 g 1 32 1 1 1 8 2 2 3 8 2 4 2 1g 1 1 1 15 1 7 2 2 4 9 1
            32 1 1 1 4 1 7 2 2t 1 2 2 1 1 3 3 1 2 1 1 7 2 2v 1 7 2 2 4 9 1 36 1 4 1 9 2 1 4 2g 3 d 4 30 2 e 4 24
            2 r 1 1 1 1 1 9 1 9 1 4 1 4 1 4 1 c 1 7 6 1 1 1 4 2 5 1 2 b 1 9 1 4 1 4 1 4 1 c 1 c 1 2m 2 7 1 8 1 1
            2 2a 1 36 j 26 l 1e r be 3 qc 1 v 1 4d 1 a 1 5n 1 3z 3 63 2 1z 1 k 8 2 1 1c e 1z a 2 2 x 2 4 b 12 9
            1i 2 1m 1 b 2 1v 1 48 3 1 d 1 7 4 1 6 1 3 2 5i 1i 5 4f 1 1 4 2i 6 m 2 6 2 12 2 6 2 8 1 1 1 1 1 1 1 v
            2 1h 1 7 1 2 1 4 1 e 2 6 1 j 2 3 1 9 1 2 5q d 4 1 3 c 1h 1 3 2 2s 1 1 1 1 1 5 2 i 1 u 4 1 1 1 1 1a 2
            3 2 1 2 m 4 l 1 4 1 1 3 1 3 3 1 i 3 1 2 7 h 2 a 7 2 f 1 5 2 1 5 2 4 16 4 6 4 1n 2 1ip 1 eq 3 3x 1 2o
            w fe 6 m 1 4 o 1 6 5 f m 1 4 2 2 2 7 1 4 o 1 6 5 f h 4 1 1 2 4 2 2 n74 1 4 a w 2 28 2 7o 1 59 1 r i
            1l 3 11 1 2n 1 c 1 6n 1 1 3 2 2 5 2 1 1 1g 1 6u 1 i 8mc 6l8 7i 2 1 1 1 2 a 1 1 1 1 2 2 3 1w 2 2y 1v
            3 a d 1 5 1 1 1 2 1 2 1 9 k1 g r1 1 6a 1 45 5 1aq 1 1 1 14 3 4 1 4l 2 127 1 1k 1 p 4 8 1 5 1 d 2 1x
            3 10 1 6 2 1 4 1q 1 24 1 9 1 2y 2 4y 2 29 1 1 1 8 1 3 3 9 1 e 7 3 5 5p 1 3 1 2x 1 8 6 3 2 6j 1 8 4 3
            2 3i 1 3a 2 37 1 103 1 fjk 5 1n 7 g2v 1 43j c 3 6 8 8 2 7 u 4 d 6 3l 3 2pn 7 1 h 2 7 1 2 1 5 1ph 7
            31 7 1hh1 f2
            """;

    /** Of these, runs of gap, length and combining class. */
    static final String COMBINING = """
            lc l 6e 0 1 6g 0 4 64 0 1 6g 0 1 60 0 5 64 0 2 5m 0 4 64 0 2 5m 0 b 64 0 5 1 0 4 64 0 8 6e 0 1 6o 0
            1 6e 0 3 64 0 3 6e 0 2 64 1 3 6e 0 4 64 0 1 6e 0 1 6g 0 2 64 0 1 6e 0 1 6h 0 2 6i 0 1 6h 0 2 6i 0 1
            6h 0 d 6e 7n 5 6e 7d 1 64 0 4 6e 0 1 64 0 3 6e 0 1 66 0 1 64 0 6 6e 0 6 64 0 2 6e 0 1 64 0 2 6e 0 1
            66 0 1 6c 0 1 6e 0 1 a 0 1 b 0 1 c 0 1 d 0 1 e 0 1 f 0 1 g 0 1 h 0 1 i 0 2 j 0 1 k 0 1 l 0 1 m 1 1 n
            1 1 o 0 1 p 1 1 6e 0 1 64 1 1 i 20 8 6e 0 1 u 0 1 v 0 1 w 1c 1 r 0 1 s 0 1 t 0 1 u 0 1 v 0 1 w 0 1 x
            0 1 y 0 2 6e 0 2 64 0 5 6e 0 1 64 0 2 6e 0 1 64 g 1 z 2t 7 6e 2 4 6e 0 1 64 0 1 6e 2 2 6e 1 1 64 0 2
            6e 0 1 64 z 1 10 u 1 6e 0 1 64 0 2 6e 0 1 64 0 2 6e 0 3 64 0 1 6e 0 2 64 0 1 6e 0 1 64 0 3 6e 0 1 64
            0 1 6e 0 1 64 0 1 6e 0 1 64 0 1 6e 0 1 64 0 2 6e 4g 7 6e 0 1 64 0 1 6e y 4 6e 1 9 6e 1 3 6e 1 5 6e
            17 3 64 3c e 6e 1 1 64 0 2 6e 0 1 64 0 2 6e 0 1 64 0 3 6e 0 3 64 0 1 r 0 1 s 0 1 t 0 3 6e 0 1 64 0 2
            6e 0 2 64 0 5 6e 1o 1 7 g 1 9 3 1 6e 0 1 64 0 2 6e 2v 1 7 g 1 9 32 1 7 g 1 9 32 1 7 g 1 9 32 1 7 g 1
            9 3j 1 9 3j 1 9 7 1 2c 0 1 2j 2t 1 7 g 1 9 3j 1 9 3g 1 9 31 2 2v 0 1 9 d 4 2z 30 2 3a e 4 3e 24 2 64
            r 1 64 1 1 64 1 1 60 1j 1 3l 0 1 3m 1 1 3o 5 4 3m 2 1 3m 1 2 6e 0 1 9 1 2 6e 1q 1 64 34 1 7 1 2 9 2a
            1 64 jz 3 6e qc 1 9 v 1 9 4d 1 9 a 1 6e 5n 1 6c 3z 1 66 0 1 6e 0 1 64 63 1 6e 0 1 64 1z 1 9 k 8 6e 2
            1 64 1c 5 6e 0 6 64 0 2 6e 0 1 64 3a 1 7 f 1 9 12 1 6e 0 1 64 0 7 6e 1i 2 9 1m 1 7 b 2 9 1v 1 7 48 3
            6e 1 1 1 0 5 64 0 2 6e 0 4 64 0 1 6e 1 7 1 4 1 64 6 1 6e 3 2 6e 5i 2 6e 0 1 64 0 7 6e 0 1 64 0 2 6e
            0 1 6i 0 1 5y 0 1 64 0 1 5m 0 11 6e 5 1 6e 0 1 6h 0 1 64 0 1 6e 0 1 64 k0 2 6e 0 2 1 0 4 6e 0 3 1 0
            2 6e 4 1 6e 3 2 1 0 1 6e 0 1 64 0 1 6e 0 2 1 0 4 64 0 1 6e 2da 3 6e 3x 1 9 2o w 6e fe 1 62 0 1 6c 0
            1 6g 0 1 66 0 2 68 2x 2 8 n9w 1 6e 4 a 6e w 2 6e 28 2 6e 7o 1 9 59 1 9 r i 6e 1l 3 64 11 1 9 2n 1 7
            c 1 9 6n 1 6e 1 2 6e 0 1 64 2 2 6e 5 2 6e 1 1 6e 1g 1 9 6u 1 9 fn4 1 q ld 7 6e 0 7 64 0 2 6e r1 1 64
            6a 1 64 45 5 6e 1aq 1 64 1 1 6e 14 1 6e 0 1 1 0 1 64 4 1 9 4l 1 6e 0 1 64 127 1 9 1k 1 9 1l 1 9 0 1
            7 1x 3 6e 1c 2 9 1q 1 7 24 1 9 9 1 7 2y 1 9 0 1 7 4y 1 7 0 1 9 29 1 7 g 1 9 o 7 6e 3 5 6e 5p 1 9 3 1
            7 3f 1 9 0 1 7 6z 1 9 0 1 7 3i 1 9 3a 1 9 0 1 7 37 1 9 103 1 9 fjk 5 1 1n 7 6e g2v 1 1 43q 2 60 0 3
            1 3 1 6a 0 5 60 8 8 64 2 5 6e 0 2 64 u 4 6e 44 3 6e 2pn 7 6e 1 h 6e 2 7 6e 1 2 6e 1 5 6e 1ph 7 64 31
            6 6e 0 1 7
            """;

    /** Runs of gap, count, step and distance to the lower case; U+0130, which becomes two, is not here. */
    static final String LOWER_CASE = """
            1t q 1 w 2u n 1 w 2 7 1 w y o 2 1 4 3 2 1 3 8 2 1 3 n 2 1 2 1 1 -3d 1 3 2 1 4 1 1 5u 1 2 2 1 2 1 1
            5q 1 1 1 1 2 2 1 5p 1 1 1 1 3 1 1 27 1 1 1 5m 1 1 1 5n 1 1 1 1 2 1 1 5p 1 1 1 5r 2 1 1 5v 1 1 1 5t 1
            1 1 1 4 1 1 5v 1 1 1 5x 2 1 1 5y 1 3 2 1 2 1 1 62 1 1 1 1 2 1 1 62 3 1 1 1 2 1 1 62 1 1 1 1 2 2 1 61
            1 2 2 1 2 1 1 63 1 1 1 1 4 1 1 1 8 1 1 2 1 1 1 1 2 1 1 2 1 1 1 1 2 1 1 2 1 9 2 1 3 9 2 1 3 1 1 2 1 2
            2 1 2 1 1 -2p 1 1 1 -1k 1 k 2 1 2 1 1 -3m 2 9 2 1 8 1 1 8bv 1 1 1 1 2 1 1 -4j 1 1 1 8bs 3 1 1 1 2 1
            1 -5f 1 1 1 1x 1 1 1 1z 1 5 2 1 82 2 2 1 4 1 1 1 9 1 1 38 7 1 1 12 2 3 1 11 2 1 1 1s 2 2 1 1r 2 h 1
            w 2 9 1 w 10 1 1 8 9 c 2 1 6 1 1 -1o 3 1 1 1 2 1 1 -7 1 1 1 1 3 3 1 -3m 1 g 1 28 1 w 1 w 1d h 2 1 a
            r 2 1 2 1 1 f 1 7 2 1 3 1c 2 1 3 12 1 1c 28a 12 1 5ls 2 1 1 5ls 6 1 1 5ls k3 28 1 tzk 1 6 1 8 1p0 1
            1 1 7 17 1 -2bk 3 3 1 -2bk 8x 23 2 1 a 1 1 -5vj 2 1c 2 1 a 8 1 -8 9 6 1 -8 b 8 1 -8 9 8 1 -8 9 6 1
            -8 c 4 2 -8 9 8 1 -8 p 8 1 -8 9 8 1 -8 9 8 1 -8 9 2 1 -8 1 2 1 -22 1 1 1 -9 c 4 1 -2e 1 1 1 -9 c 2 1
            -8 1 2 1 -2s d 2 1 -8 1 2 1 -34 1 1 1 -7 c 2 1 -3k 1 2 1 -3i 1 1 1 -9 8a 1 1 -5st 4 1 1 -6gv 1 1 1
            -6di 7 1 1 s 1a g 1 g k 1 1 1 mr q 1 q 1f5 1c 1 1c 1d 1 1 1 2 1 1 -8af 1 1 1 -2xy 1 1 1 -89z 3 3 2 1
            2 1 1 -8bg 1 1 1 -8al 1 1 1 -8bj 1 1 1 -8bi 2 1 1 1 3 1 1 1 9 2 1 -8cf 1 1e 2 1 9 2 2 1 5 1 1 1 nym
            n 2 1 k e 2 1 3s 7 2 1 4 v 2 1 b 2 2 1 2 1 1 -r9g 1 5 2 1 5 1 1 1 2 1 1 -wmg 3 2 2 1 4 a 2 1 2 1 1
            -wn8 1 1 1 -wnj 1 1 1 -wnf 1 1 1 -wn5 1 1 1 -wn8 2 1 1 -wlu 1 1 1 -wmi 1 1 1 -wlx 1 1 1 ps 1 8 2 1 2
            1 1 -1c 1 1 1 -wn7 1 1 1 -raw 1 2 2 1 2 1 1 -wo7 1 8 2 1 2 1 1 -wu9 p 1 1 1 h7w q 1 w xy 14 1 14 3t
            10 1 14 4d b 1 13 2 f 1 13 2 7 1 13 2 2 1 13 1d7 1f 1 1s 4e m 1 w 27v w 1 w gw1 w 1 w 1t p 1 r o5k y
            1 y
            """;

    private UnicodeTables() {}
}
