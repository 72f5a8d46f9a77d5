import aigateway.v1.ChatServiceGrpc;
import aigateway.v1.ChatServiceGrpc.ChatServiceBlockingStub;
import aigateway.v1.ChatServiceOuterClass.*;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.util.concurrent.TimeUnit;

/** Four calls of the gateway with grpc-java: a plain one, a streamed one, one that is cancelled and two that fail. */
public class Client {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  public static void main(String[] args) throws Exception {
    String address = System.getenv().getOrDefault("AIGW_ADDR", "127.0.0.1:50051");
    ManagedChannel channel = Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
        .keepAliveTime(30, TimeUnit.SECONDS) // notices during a long answer that the connection is dead
        .maxInboundMessageSize(32 << 20) // pictures and sound are larger than the default of 4 MiB
        .build();
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + System.getenv("AIGW_KEY"));
    ChatServiceBlockingStub chat =
        ChatServiceGrpc.newBlockingStub(channel).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    try {
      plain(chat);
      streamed(chat);
      cancelled(chat);
      refused(chat, ChatPrompt.newBuilder().setModel("sandbox/echo").build());
      refused(chat, prompt("sandbox/429-retry-after", "Hello there"));
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  static ChatPrompt prompt(String model, String text) {
    var part = Part.newBuilder().setText(TextPart.newBuilder().setText(text));
    var said = Message.newBuilder().setRole(Role.ROLE_USER).addParts(part);
    return ChatPrompt.newBuilder().setModel(model).addMessages(said).build();
  }

  static void plain(ChatServiceBlockingStub chat) {
    var request = CreateChatCompletionRequest.newBuilder().setPrompt(prompt("sandbox/echo", "Hello there")).build();
    // The deadline travels with the call, to the gateway and on to the provider.
    var response = chat.withDeadlineAfter(30, TimeUnit.SECONDS).createChatCompletion(request);
    System.out.println("plain: " + response.getCompletion().getChoices(0).getMessage().getParts(0).getText().getText());
  }

  static void streamed(ChatServiceBlockingStub chat) {
    var request = StreamChatCompletionRequest.newBuilder().setPrompt(prompt("sandbox/echo", "one word at a time")).build();
    var events = chat.withDeadlineAfter(60, TimeUnit.SECONDS).streamChatCompletion(request);
    System.out.print("streamed: ");
    while (events.hasNext()) { // throws when the stream is broken
      var event = events.next();
      switch (event.getEventCase()) {
        case TEXT_DELTA -> System.out.print(event.getTextDelta().getText());
        case FINISHED -> System.out.printf("%nfinished: %d tokens%n", event.getFinished().getUsage().getTotalTokens());
        default -> {} // the contract grows: events that are not known are no reason to stop
      }
      System.out.flush();
    }
  }

  static void cancelled(ChatServiceBlockingStub chat) {
    var request = StreamChatCompletionRequest.newBuilder()
        .setPrompt(prompt("sandbox/slow", "a word each second until somebody hangs up")).build();
    int[] deltas = {0};
    try (var call = Context.current().withCancellation()) {
      call.run(() -> {
        var events = chat.withDeadlineAfter(60, TimeUnit.SECONDS).streamChatCompletion(request);
        while (events.hasNext()) {
          if (events.next().hasTextDelta() && ++deltas[0] == 2) {
            call.cancel(null); // the gateway stops at once, and hangs up on the provider
          }
        }
      });
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Status.Code.CANCELLED) {
        throw e;
      }
      System.out.println("cancelled after " + deltas[0] + " deltas");
    }
  }

  static void refused(ChatServiceBlockingStub chat, ChatPrompt prompt) throws InvalidProtocolBufferException {
    try {
      chat.withDeadlineAfter(30, TimeUnit.SECONDS)
          .createChatCompletion(CreateChatCompletionRequest.newBuilder().setPrompt(prompt).build());
    } catch (StatusRuntimeException e) {
      System.out.println("error: " + explain(e));
    }
  }

  /** Reads from an error why it happened, which fields are wrong and how long to wait. */
  static String explain(StatusRuntimeException e) throws InvalidProtocolBufferException {
    String reason = e.getStatus().getCode().name();
    var more = new StringBuilder();
    for (Any detail : StatusProto.fromThrowable(e).getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        reason = detail.unpack(ErrorInfo.class).getReason();
      } else if (detail.is(BadRequest.class)) {
        detail.unpack(BadRequest.class).getFieldViolationsList().forEach(v -> more.append(" ").append(v.getField()));
      } else if (detail.is(RetryInfo.class)) {
        more.append(" retry in ").append(detail.unpack(RetryInfo.class).getRetryDelay().getSeconds()).append(" s");
      }
    }
    return reason + more;
  }
}
