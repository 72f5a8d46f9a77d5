// Four calls of the gateway with grpc-go: a plain one, a streamed one, one that is cancelled and two that fail.
package main

//go:generate buf generate

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "example.com/aigw-client/gen/aigateway/v1"
)

func main() {
	connection, err := grpc.NewClient(cmp.Or(os.Getenv("AIGW_ADDR"), "127.0.0.1:50051"),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		// Notices during a long answer that the connection is dead.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		// Pictures and sound are larger than the default of 4 MiB.
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(32<<20)))
	check(err)
	defer connection.Close()
	chat := pb.NewChatServiceClient(connection)
	plain(chat)
	streamed(chat)
	cancelled(chat)
	refused(chat, &pb.ChatPrompt{Model: "sandbox/echo"})
	refused(chat, prompt("sandbox/429-retry-after", "Hello there"))
}

// within shows the gateway key, and sets the deadline, which travels to the gateway and on to the provider.
func within(limit time.Duration) (context.Context, context.CancelFunc) {
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+os.Getenv("AIGW_KEY"))
	return context.WithTimeout(ctx, limit)
}

func prompt(model, text string) *pb.ChatPrompt {
	part := &pb.Part{Content: &pb.Part_Text{Text: &pb.TextPart{Text: text}}}
	return &pb.ChatPrompt{Model: model, Messages: []*pb.Message{{Role: pb.Role_ROLE_USER, Parts: []*pb.Part{part}}}}
}

func plain(chat pb.ChatServiceClient) {
	ctx, cancel := within(30 * time.Second)
	defer cancel()
	request := &pb.CreateChatCompletionRequest{Prompt: prompt("sandbox/echo", "Hello there")}
	response, err := chat.CreateChatCompletion(ctx, request)
	check(err)
	fmt.Println("plain:", response.GetCompletion().GetChoices()[0].GetMessage().GetParts()[0].GetText().GetText())
}

func streamed(chat pb.ChatServiceClient) {
	ctx, cancel := within(60 * time.Second)
	defer cancel()
	request := &pb.StreamChatCompletionRequest{Prompt: prompt("sandbox/echo", "one word at a time")}
	stream, err := chat.StreamChatCompletion(ctx, request)
	check(err)
	fmt.Print("streamed: ")
	for {
		event, err := stream.Recv()
		if err == io.EOF {
			return // a good end: `finished` was the last event
		}
		check(err)
		fmt.Print(event.GetTextDelta().GetText()) // empty for events of other kinds
		if finished := event.GetFinished(); finished != nil {
			fmt.Printf("\nfinished: %d tokens\n", finished.GetUsage().GetTotalTokens())
		}
	}
}

func cancelled(chat pb.ChatServiceClient) {
	ctx, cancel := within(60 * time.Second)
	defer cancel()
	request := &pb.StreamChatCompletionRequest{Prompt: prompt("sandbox/slow", "a word each second until somebody hangs up")}
	stream, err := chat.StreamChatCompletion(ctx, request)
	check(err)
	for deltas := 0; ; {
		event, err := stream.Recv()
		if status.Code(err) == codes.Canceled {
			fmt.Printf("cancelled after %d deltas\n", deltas)
			return
		}
		check(err)
		if event.GetTextDelta() != nil {
			deltas++
		}
		if deltas == 2 {
			cancel() // the gateway stops at once, and hangs up on the provider
		}
	}
}

func refused(chat pb.ChatServiceClient, prompt *pb.ChatPrompt) {
	ctx, cancel := within(30 * time.Second)
	defer cancel()
	_, err := chat.CreateChatCompletion(ctx, &pb.CreateChatCompletionRequest{Prompt: prompt})
	fmt.Println("error:", explain(err))
}

// explain reads from an error why it happened, which fields are wrong and how long to wait.
func explain(err error) string {
	reason, more := status.Code(err).String(), ""
	for _, detail := range status.Convert(err).Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			reason = detail.GetReason()
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				more += " " + violation.GetField()
			}
		case *errdetails.RetryInfo:
			more += fmt.Sprintf(" retry in %.0f s", detail.GetRetryDelay().AsDuration().Seconds())
		}
	}
	return reason + more
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
