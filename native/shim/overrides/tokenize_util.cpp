/*
 * Compiles the runtime's tokenize_util.cpp, which cuts prompts for language models into words and asks the C library's isspace
 * for code points, for which that has no table: it reads far behind the end. Some characters then counted as spaces, others
 * ended the process, and which depended on the locale. Here the file's own is_space is asked, as its comments mean it.
 */
#include <algorithm>
#include <cctype>
#include <iostream>
#include <string>
#include <vector>

#undef isspace
#define isspace is_space
#include "src/tokenizers/tokenize_util.cpp"
#undef isspace
