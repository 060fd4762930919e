package com.example;

/** The agent, which LangChain4j implements with a chat model and tools. */
interface Assistant {

    String chat(String message);
}
