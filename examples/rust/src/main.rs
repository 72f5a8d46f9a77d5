//! Four calls of the gateway with tonic: a plain one, a streamed one, one that is cancelled and two that fail.

use std::{env, error::Error, io::Write as _, time::Duration};

use pb::{chat_service_client::ChatServiceClient, part::Content, stream_chat_completion_response::Event};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt as _;

/// What the build script generated.
mod pb {
    tonic::include_proto!("aigateway.v1");
}

struct Client {
    chat: ChatServiceClient<Channel>,
    authorization: MetadataValue<Ascii>,
}

impl Client {
    async fn connect() -> Result<Self, Box<dyn Error>> {
        let address = env::var("AIGW_ADDR").unwrap_or_else(|_| "127.0.0.1:50051".to_owned());
        // Notices during a long answer that the connection is dead.
        let endpoint = Endpoint::new(format!("http://{address}"))?.http2_keep_alive_interval(Duration::from_secs(30));
        // Pictures and sound are larger than the default of 4 MiB.
        let chat = ChatServiceClient::new(endpoint.connect().await?).max_decoding_message_size(32 << 20);
        Ok(Self { chat, authorization: format!("Bearer {}", env::var("AIGW_KEY")?).parse()? })
    }

    /// Makes a request with the gateway key and a deadline, which travels to the gateway and on to the provider.
    fn request<T>(&self, message: T, seconds: u64) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.authorization.clone());
        request.set_timeout(Duration::from_secs(seconds));
        request
    }

    async fn plain(&mut self) -> Result<(), Status> {
        let prompt = prompt("sandbox/echo", "Hello there");
        let request = self.request(pb::CreateChatCompletionRequest { prompt }, 30);
        let completion = self.chat.create_chat_completion(request).await?.into_inner().completion;
        let message = completion.and_then(|completion| completion.choices.into_iter().next()?.message);
        for part in message.unwrap_or_default().parts {
            if let Some(Content::Text(part)) = part.content {
                println!("plain: {}", part.text);
            }
        }
        Ok(())
    }

    async fn streamed(&mut self) -> Result<(), Status> {
        let prompt = prompt("sandbox/echo", "one word at a time");
        let request = self.request(pb::StreamChatCompletionRequest { prompt }, 60);
        let mut events = self.chat.stream_chat_completion(request).await?.into_inner();
        print!("streamed: ");
        while let Some(event) = events.message().await? {
            match event.event {
                Some(Event::TextDelta(delta)) => print!("{}", delta.text),
                Some(Event::Finished(finished)) => {
                    println!("\nfinished: {} tokens", finished.usage.unwrap_or_default().total_tokens());
                }
                _ => {} // the contract grows: events that are not known are no reason to stop
            }
            std::io::stdout().flush()?;
        }
        Ok(())
    }

    async fn cancelled(&mut self) -> Result<(), Status> {
        let prompt = prompt("sandbox/slow", "a word each second until somebody hangs up");
        let request = self.request(pb::StreamChatCompletionRequest { prompt }, 60);
        let mut events = self.chat.stream_chat_completion(request).await?.into_inner();
        let mut deltas = 0;
        while let Some(event) = events.message().await? {
            deltas += u32::from(matches!(event.event, Some(Event::TextDelta(_))));
            if deltas == 2 {
                break;
            }
        }
        drop(events); // cancels: the gateway stops at once, and hangs up on the provider
        println!("cancelled after {deltas} deltas");
        Ok(())
    }

    async fn refused(&mut self, prompt: Option<pb::ChatPrompt>) {
        let request = self.request(pb::CreateChatCompletionRequest { prompt }, 30);
        if let Err(status) = self.chat.create_chat_completion(request).await {
            println!("error: {}", explain(&status));
        }
    }
}

fn prompt(model: &str, text: &str) -> Option<pb::ChatPrompt> {
    let part = pb::Part { content: Some(Content::Text(pb::TextPart { text: text.to_owned() })) };
    let said = pb::Message { role: pb::Role::User.into(), parts: vec![part], ..Default::default() };
    Some(pb::ChatPrompt { model: model.to_owned(), messages: vec![said], ..Default::default() })
}

/// Reads from an error why it happened, which fields are wrong and how long to wait.
fn explain(status: &Status) -> String {
    let details = status.get_error_details();
    let mut words = vec![details.error_info().map_or(format!("{:?}", status.code()), |info| info.reason.clone())];
    words.extend(details.bad_request().iter().flat_map(|bad| &bad.field_violations).map(|v| v.field.clone()));
    let wait = details.retry_info().and_then(|retry| retry.retry_delay);
    words.extend(wait.map(|wait| format!("retry in {} s", wait.as_secs())));
    words.join(" ")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut client = Client::connect().await?;
    client.plain().await?;
    client.streamed().await?;
    client.cancelled().await?;
    client.refused(Some(pb::ChatPrompt { model: "sandbox/echo".to_owned(), ..Default::default() })).await;
    client.refused(prompt("sandbox/429-retry-after", "Hello there")).await;
    Ok(())
}
