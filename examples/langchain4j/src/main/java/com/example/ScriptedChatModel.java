package com.example;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;

/** In place of a language model: asks for a picture of what the user says, and then says where it is. */
class ScriptedChatModel implements ChatModel {

    @Override
    public ChatResponse doChat(ChatRequest request) {
        ChatMessage last = request.messages().getLast();
        AiMessage answer = switch (last) {
            case UserMessage user -> AiMessage.from(drawing(request, user.singleText()));
            case ToolExecutionResultMessage result when !Boolean.TRUE.equals(result.isError()) ->
                AiMessage.from("Your picture is in " + result.text() + ".");
            default -> throw new IllegalStateException("not in the script: " + last);
        };
        return ChatResponse.builder().aiMessage(answer).build();
    }

    /** As a language model asks for the one tool that it was offered. */
    private static ToolExecutionRequest drawing(ChatRequest request, String wanted) {
        return ToolExecutionRequest.builder()
                .id("1")
                .name(request.toolSpecifications().getFirst().name())
                .arguments("{\"prompt\": \"" + wanted + "\"}")
                .build();
    }
}
