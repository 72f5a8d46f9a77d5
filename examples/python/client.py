"""Four calls of the gateway with grpcio: a plain one, a streamed one, one that is cancelled and two that fail."""

import os
import sys

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

sys.path.append("gen")  # the generated code imports itself as `aigateway.v1`
from aigateway.v1 import chat_service_pb2 as pb  # noqa: E402
from aigateway.v1 import chat_service_pb2_grpc as rpc  # noqa: E402

ADDRESS = os.environ.get("AIGW_ADDR", "127.0.0.1:50051")
AUTHORIZATION = [("authorization", f"Bearer {os.environ['AIGW_KEY']}")]

OPTIONS = [
    ("grpc.keepalive_time_ms", 30_000),  # notices during a long answer that the connection is dead
    ("grpc.max_receive_message_length", 32 << 20),  # pictures and sound are larger than the default of 4 MiB
]


def user(text):
    return pb.Message(role=pb.ROLE_USER, parts=[pb.Part(text=pb.TextPart(text=text))])


def plain(chat):
    request = pb.CreateChatCompletionRequest(
        prompt=pb.ChatPrompt(model="sandbox/echo", messages=[user("Hello there")])
    )
    # The deadline travels with the call, to the gateway and on to the provider.
    response = chat.CreateChatCompletion(request, metadata=AUTHORIZATION, timeout=30)
    print("plain:", response.completion.choices[0].message.parts[0].text.text)


def streamed(chat):
    request = pb.StreamChatCompletionRequest(
        prompt=pb.ChatPrompt(model="sandbox/echo", messages=[user("one word at a time")])
    )
    print("streamed: ", end="")
    finished = None
    for event in chat.StreamChatCompletion(request, metadata=AUTHORIZATION, timeout=60):
        kind = event.WhichOneof("event")
        if kind == "text_delta":
            print(event.text_delta.text, end="", flush=True)
        elif kind == "finished":
            finished = event.finished
    # A broken stream has raised by now; `finished` is always the last event of a good one.
    print(f"\nfinished: {finished.usage.total_tokens} tokens")


def cancelled(chat):
    request = pb.StreamChatCompletionRequest(
        prompt=pb.ChatPrompt(model="sandbox/slow", messages=[user("a word each second until somebody hangs up")])
    )
    call = chat.StreamChatCompletion(request, metadata=AUTHORIZATION, timeout=60)
    deltas = 0
    try:
        for event in call:
            deltas += event.HasField("text_delta")
            if deltas == 2:
                call.cancel()  # the gateway stops at once, and hangs up on the provider
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.CANCELLED:
            raise
        print(f"cancelled after {deltas} deltas")


def refused(chat, prompt):
    try:
        chat.CreateChatCompletion(pb.CreateChatCompletionRequest(prompt=prompt), metadata=AUTHORIZATION, timeout=30)
    except grpc.RpcError as error:
        print("error:", explain(error))


def explain(error):
    """Reads from an error why it happened, which fields are wrong and how long to wait."""
    info, bad_request, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    reason, more = error.code().name, []
    status = rpc_status.from_call(error)  # None when it was not the gateway that refused: a lost connection, say
    for detail in status.details if status else []:
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad_request):
            more += [violation.field for violation in bad_request.field_violations]
        elif detail.Unpack(retry):
            more.append(f"retry in {retry.retry_delay.seconds} s")
    return " ".join([reason, *more])


def main():
    with grpc.insecure_channel(ADDRESS, OPTIONS) as channel:
        chat = rpc.ChatServiceStub(channel)
        plain(chat)
        streamed(chat)
        cancelled(chat)
        refused(chat, pb.ChatPrompt(model="sandbox/echo"))
        refused(chat, pb.ChatPrompt(model="sandbox/429-retry-after", messages=[user("Hello there")]))


if __name__ == "__main__":
    main()
