package dev.diffusion4j.tokenizer;

/**
 * How the reference tokenizer cuts texts into clusters of characters, read out of it by tools/parity/t5_qwen.py; not
 * edited by hand.
 */
final class GraphemeTables {

    /** Runs of gap and length, in base 36, and class. */
    static final String CLASSES = """
            0 w c 2n x c 9 1 i 3 1 c 0 1 i gh 34 e 7n 7 e 7b 19 e 1 1 e 1 2 e 1 2 e 1 1 e 1k 6 p a b e 1 1 c 1a
            l e g 1 e 2t 7 e 0 1 p 1 6 e 2 2 e 1 4 e x 1 p 1 1 e u r e 2j b e 1m 9 e 9 1 e o 4 e 1 9 e 1 3 e 1 5
            e 17 3 e 1g 2 p 5 9 e 16 o e 0 1 p 0 w e 0 1 s h 11 k 0 1 e 0 1 s 0 1 e 1 3 s 0 8 e 0 4 s 0 1 l 0 2
            s 1 7 e 0 8 k 2 2 e k 8 k 1 1 e 0 2 s h k k 1 7 k 1 1 k 3 4 k 2 1 e 1 1 e 0 2 s 0 4 e 2 2 s 2 2 s 0
            1 l 9 1 e 4 2 k 1 1 k 2 2 e c 2 k c 1 e 2 2 e 0 1 s 1k 1 e 1 3 s 0 2 e 4 2 e 2 3 e 3 1 e u 2 e 3 1 e
            b 2 e 0 1 s h k k 1 7 k 1 2 k 1 5 k 2 1 e 1 3 s 0 5 e 1 2 e 0 1 s 1 2 s 0 1 l k 2 e l 1 k 0 6 e 1 1
            e 0 2 s h k k 1 7 k 1 2 k 1 5 k 2 1 e 1 2 e 0 1 s 0 4 e 2 2 s 2 2 s 0 1 l 7 3 e 4 2 k 1 1 k 2 2 e d
            1 k g 1 e 1n 1 e 0 1 s 0 1 e 0 2 s 3 3 s 1 3 s 0 1 e 9 1 e 14 1 e 0 3 s 0 1 e g k k 1 g k 2 1 e 1 3
            e 0 4 s 1 3 e 1 3 e 0 1 l 7 2 e 1 3 k 7 2 e t 1 e 0 2 s 1k 1 e 1 1 s 0 2 e 0 1 s 0 1 e 0 2 s 1 3 e 1
            4 e 7 2 e b 2 e f 1 s c 2 e 0 2 s h 12 k 0 2 e 1 1 e 0 2 s 0 4 e 1 3 s 1 3 s 0 1 l 0 1 p 8 1 e a 2 e
            t 1 e 0 2 s 1y 1 e 4 1 e 0 2 s 0 3 e 1 1 e 1 7 s 0 1 e i 2 s 1p 1 e 1 1 s 0 7 e c 8 e 2q 1 e 1 1 s 0
            9 e b 7 e 21 2 e r 1 e 1 1 e 1 1 e 4 2 s 1d e e 0 1 s 0 5 e 1 2 e 5 b e 1 10 e 9 1 e 1l 17 k 2 4 e 0
            1 s 0 6 e 1 1 l 0 1 e 0 2 s 0 2 e 0 1 k g 6 k 0 2 s 0 2 e 0 4 k 0 3 e 0 1 k 3 2 k 7 3 k 0 4 e 0 d k
            0 1 e 1 1 s 0 2 e 6 1 e 0 1 k e 1 e jj 3 e qa 4 e s 3 e t 2 e u 2 e c 1g k 0 2 e 0 1 s 0 7 e 0 8 s 0
            1 e 0 2 s 0 9 e 0 1 l 0 1 e 9 1 e 19 3 e 0 1 c 0 1 e 39 2 e y 1 e 3a 3 e 0 4 s 0 2 e 0 3 s 4 2 s 0 1
            e 0 6 s 0 3 e 63 2 e 0 2 s 0 1 e 4 1h k 0 1 s 0 1 e 0 1 s 0 7 e 1 1 l 1 1 e 2 8 e 0 6 s 0 a e 2 1 e
            1c 1a e 2 c e k 4 e 0 1 s 6 2 k 6 x k 0 a e 0 4 s 0 2 e 0 1 l 0 8 k u 9 e c 2 e 0 1 s 0 u k 0 1 s 0
            4 e 0 2 s 0 3 e 0 1 l 0 2 e 0 2 k b 3 k 14 1 e 0 1 s 0 2 e 0 3 s 0 1 e 0 1 s 0 5 e 1c 8 s 0 8 e 0 2
            s 0 2 e 48 3 e 1 d e 0 1 s 0 7 e 4 1 e 6 1 e 2 1 s 0 2 e 5i 1s e ej 1 c 0 1 n 0 1 j 0 2 c o 7 c d 1
            i c 1 i m g c 2o x e 1d 1 i m 1 i 2i 6 i f 2 i a7 2 i c 1 i 4m 1 i p b i 4 3 i 5j 1 i 6f 2 i a 1 i 9
            1 i 1m 4 i 1 5 i 9 1 i 2 1 i 2 2 i 2 1 i 4 1 i 2 1 i 1 2 i 2 1 i 3 1 i 3 2 i 8 3 i 5 1 i 1 1 i 5 c i
            b 2 i 2 1 i 1 2 i 1 1 i i 1 i 2 2 i i 6 i 1 1 i 1 2 i 3 2 i 5 1 i 2 2 i 4 2 i b 2 i 5 2 i 2 1 i 5 2
            i 1 1 i 1 2 i k 2 i 5 6 i 1 4 i 2 1 i 4 1 i 2 1 i 2 6 i 1 1 i 2 1 i 1 1 i 1 1 i 6 1 i 3 1 i 6 1 i a
            2 i f 1 i 2 1 i 4 1 i 1 1 i 4 3 i 1 1 i b 2 i 1c 3 i 9 1 i e 1 i e 1 i ac 2 i cv 3 i j 2 i 1f 1 i 4
            1 i bd 3 e 3x 1 e 2o w e fe 6 e 0 1 i c 1 i 2j 2 e e4 1 i 1 1 i mvp 4 e 1 a e w 2 e 28 2 e 7k 1 e 3
            1 e 4 1 e n 2 s 0 2 e 0 1 s 4 1 e 2b 2 s 1e g s 0 2 e q i e d 1 e 12 8 e p b e 0 1 s 0 1 e 18 3 e 0
            1 s 5 3 k 3 10 k 0 1 e 0 2 s 0 4 e 0 2 s 0 2 e 0 2 s 0 1 l v 5 k 0 1 e 1 9 k a 5 k 16 6 e 0 2 s 0 2
            e 0 2 s 0 2 e c 1 e 8 1 e 0 1 s i g k 1 3 k 6 1 k 1 1 e 1 2 k 1c 1 e 1 3 e 2 2 e 5 2 e 1 1 e u b k 0
            1 s 0 2 e 0 2 s 5 1 s 0 1 l 5l r k 8 2 s 0 1 e 0 2 s 0 1 e 0 2 s 1 1 s 0 1 e fn4 1 e kh g e g g e 5r
            1 c 4e 2 e 28 c c e9 1 e 6a 1 e 45 5 e 1ad 1 k 0 3 e 1 2 e 5 4 e 0 4 k 1 3 k 1 t k 2 3 e 4 1 l 4l 2
            e fx 4 e 1t 5 e 8t 2 e 25 6 e 1y b e 1d 4 e 3e 1 s 0 1 e 0 1 s 1h f e 15 1 e 2 2 e a 3 e 0 1 s 19 3
            s 0 4 e 0 2 s 0 2 e 2 1 p 4 1 e a 1 p 1e 3 e 0 10 k 0 5 e 0 1 s 0 6 e 0 1 l 0 1 e f 1 k 0 2 s 0 1 k
            17 1 e c 2 e 0 1 s 1c 3 s 0 9 e 0 1 s 0 1 e 1 2 p 5 4 e 1 1 s 0 1 e 2k 3 s 0 3 e 0 2 s 0 4 e 6 1 e 2
            1 e 4d 1 e 0 3 s 0 8 e l 2 e 0 2 s 1j 2 e 1 1 e 0 1 s 0 1 e 0 4 s 2 2 s 2 2 s 0 1 e 9 1 e a 2 s 2 7
            e 3 5 e b a k 1 1 k 2 1 k 1 12 k 2 1 e 0 2 s 0 6 e 1 1 e 2 1 e 1 3 e 0 1 s 1 2 s 0 2 e 0 1 l 0 1 p 0
            1 e e 2 e 2a 3 s 0 8 e 0 2 s 0 3 e 0 1 s 0 1 e n 1 e 29 1 e 0 2 s 0 6 e 0 1 s 0 1 e 0 2 s 0 1 e 0 1
            s 0 2 e 0 1 s 0 2 e 6j 1 e 0 2 s 0 4 e 2 4 s 0 2 e 0 1 s 0 2 e r 2 e 2a 3 s 0 8 e 0 2 s 0 1 e 0 1 s
            0 2 e 2y 1 e 0 1 s 0 1 e 0 2 s 0 8 e 2t 1 e 0 1 s 0 1 e 2 4 e 0 1 s 0 5 e 74 3 s 0 9 e 0 1 s 0 2 e
            5h 7 k 2 1 k 2 8 k 1 2 k 1 o k 0 1 e 0 5 s 1 2 s 2 3 e 0 1 l 0 1 p 0 1 s 0 1 p 0 1 s 0 1 e 3x 3 s 0
            4 e 2 2 e 0 4 s 0 1 e 3 1 s r 1 k 0 a e 0 14 k 0 6 e 0 1 s 1 4 e 8 1 l 8 1 k 0 6 e 0 2 s 0 3 e 0 14
            k 0 6 p 0 d e 0 1 s 0 1 e 0 1 l 5i 1 e 0 1 s 0 3 e 0 1 s 0 1 e 0 1 s 5j 1 s 0 7 e 1 6 e 0 1 s 0 1 e
            2a m e 1 1 s 0 7 e 0 1 s 0 2 e 0 1 s 0 2 e 3e 6 e 3 1 e 1 2 e 1 7 e 0 1 p 0 1 e 1u 5 s 1 2 e 1 2 s 0
            1 e 0 1 s 0 1 e 9n 2 e 0 2 s 9 2 e 0 1 p 0 1 s 0 d k 1 y k 0 2 s 0 5 e 3 2 s 0 2 e 0 1 l n 1 e 445 g
            c 0 1 e 6 f e 8ug c e 0 3 s 0 3 e 1xc 5 e 1n 7 e t4 1 e 1 1j s 7 4 e 29 1 e b 2 e f57 2 e 1 4 c 3mk
            1a e 2 n e f2 5 e 3 6 e 0 8 c 0 8 e 2 7 e u 4 e 44 3 e 1iz 1j e 4 1e e 8 1 e e 1 e m 5 e 1 f e 11s 7
            e 1 h e 2 7 e 1 2 e 1 5 e 2s 1 e 4g 7 e af 1 e 1p 4 e e4 4 e 72 2 e 6r 1 e 2 1 e 7 2 e 5 1 e d6 7 e
            31 7 e 1bt 1 i 13 4 i 2s c i f 2 i f 1 i e 2 i 11 a i 34 2 i c 2 i e 1 i 2 a i j 1k i r f i a 1 i k
            1 i 2 9 i 1 4 i 9 n i 6 58 i 2 34 i 2 2 i 1 3 i 2 2b i 2 3 i 1 4 i 0 5 e 0 72 i 1 1r i b 6 i 1 o i 7
            2 i 2 8 i c 1 i 2 4 i 2 1 i 4 2 i d 2 i 2 1 i 8 2 i 9 1 i 5 3 i c 3 i 8 3 i 2 1 i 1 1 i 4 1 i 6 1 i
            3 1 i 6 2e i 1c 1y i 5 8 i 2 h i 3 1 i 1 6 i 2 d i 62 12 i c 4 i 1k 8 i a 6 i 14 8 i u 2 i c 4 i 2 e
            i 9 13 i c 1b i 1 a i 1 55 i 2g 8 i e 42 i 74 se i gute w c 0 2o e 0 3k c 0 6o e 0 2s0 c
            """;

    private GraphemeTables() {}
}
