/* Whose tokenizer T5 and Qwen have: the caller's if it has set one, else the runtime's own. */
#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "tokenizers.h"

static int failures = 0;

#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);      \
            failures++;                                                               \
        }                                                                             \
    } while (false)

static const std::vector<int> T5_IDS    = {3, 9, 1712};
static const std::vector<int> QWEN_IDS  = {64, 8251};
static const std::string EXPANDED       = "\xEF\xB7\xBA";
static constexpr int IDS_OF_EXPANDED    = 18;
static std::vector<std::string> received;

/* More ids than bytes for one text, a failure for another. */
static int32_t tokenize(int32_t tokenizer, const char* text, int64_t bytes, int32_t* ids, int64_t room) {
    const std::string whole(text, static_cast<size_t>(bytes));
    received.push_back(std::to_string(tokenizer) + whole);
    if (whole == "fail") {
        return -1;
    }
    const int32_t count = whole == EXPANDED ? IDS_OF_EXPANDED : 1;
    std::fill_n(ids, std::min<int64_t>(count, room), 7);
    return count;
}

int main() {
    d4j::T5Tokenizer t5;
    d4j::T5Tokenizer umt5(true);
    d4j::QwenTokenizer qwen3;
    d4j::QwenTokenizer qwen2(D4J_TOKENIZER_QWEN2);
    CHECK(t5.encode("a cat") == T5_IDS);
    CHECK(qwen3.encode("a cat") == QWEN_IDS);
    const std::vector<int> umt5_ids = umt5.encode("a cat");

    d4j_set_tokenizer(tokenize);
    CHECK(t5.encode("") == std::vector<int>{7});
    CHECK(t5.encode(EXPANDED) == std::vector<int>(IDS_OF_EXPANDED, 7));
    CHECK(qwen3.encode("a") == std::vector<int>{7});
    CHECK(qwen2.tokenize("a") == std::vector<int>{7});
    CHECK(umt5.encode("a cat") == umt5_ids);
    // Asked a second time, with room for all.
    CHECK((received == std::vector<std::string>{"0", "0" + EXPANDED, "0" + EXPANDED, "2a", "1a"}));
    bool thrown = false;
    try {
        t5.encode("fail");
    } catch (const std::runtime_error&) {
        thrown = true;
    }
    CHECK(thrown);

    d4j_set_tokenizer(nullptr);
    CHECK(t5.encode("a cat") == T5_IDS);
    return failures == 0 ? 0 : 1;
}
