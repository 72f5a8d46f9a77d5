//! How much memory a large picture takes on its way through: the real program, as the kernel counts it. Linux only:
//! elsewhere there is no account to read, and the test says so.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and starts what it measures")]

mod support;

use std::{
    fs,
    io::Write as _,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use ai_model_gateway::pb::{
    self, media_source::Source, upload_and_extract_text_request::Payload, vision_service_client::VisionServiceClient,
};
use futures_util::stream;
use support::{
    gateway::{KEY, with_key},
    seeing::{TEXT, answer, configuration, settings},
    upstream::ScriptedUpstream,
};
use tonic::{Code, transport::Channel};
use tonic_types::StatusExt as _;

/// The largest picture the gateway takes.
const LARGE: usize = 20 << 20;
const CHUNK: usize = 256 << 10;

/// The program, ended when the test is over.
struct Program {
    child: Child,
    client: VisionServiceClient<Channel>,
    /// Where its REST face listens.
    edge: String,
    _data: tempfile::TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Program {
    async fn start(upstream: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = data.path().join("config.yaml");
        fs::File::create(&config).unwrap().write_all(configuration(upstream).as_bytes()).unwrap();
        let free = || format!("127.0.0.1:{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
        let (grpc, edge) = (free(), free());
        let child = Command::new(env!("CARGO_BIN_EXE_ai-model-gateway"))
            .arg("serve")
            .env_clear()
            .envs(settings(upstream))
            .env("AIGW_CONFIG", &config)
            .env("AIGW_GRPC_ADDR", &grpc)
            .env("AIGW_EDGE_ADDR", &edge)
            .env("AIGW_BOOTSTRAP_KEY", KEY)
            .env("AIGW_DATA_DIR", data.path())
            .current_dir(data.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let channel = Channel::from_shared(format!("http://{grpc}")).unwrap().connect_lazy();
        let client = VisionServiceClient::new(channel).max_encoding_message_size(usize::MAX);
        let program = Self { child, client, edge, _data: data };
        for _ in 0..200 {
            if [&grpc, &program.edge].iter().all(|address| TcpStream::connect(address).is_ok()) {
                return program;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the gateway did not start");
    }

    /// Reads a line of the kernel's account, in bytes.
    fn memory(&self, name: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("memory is measured where the kernel has /proc, on Linux");
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
    }

    /// Makes the peak what is in use now.
    fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }
}

/// A picture that no compression makes smaller.
fn picture(bytes: usize) -> Vec<u8> {
    let mut random = 1_u64;
    let mut data = b"\x89PNG\r\n\x1a\n".to_vec();
    data.resize_with(bytes, || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 56) as u8
    });
    data
}

fn options(model: &str) -> Option<pb::ExtractionOptions> {
    Some(pb::ExtractionOptions { model: model.into(), ..Default::default() })
}

fn unary(model: &str, data: Vec<u8>) -> pb::ExtractTextRequest {
    let source = Some(Source::Data(data.into()));
    let image = Some(pb::MediaSource { source, mime_type: "image/png".into() });
    pb::ExtractTextRequest { image, options: options(model) }
}

fn upload(model: &str, size_bytes: Option<u64>, data: &[u8]) -> Vec<pb::UploadAndExtractTextRequest> {
    let options = options(model);
    let mime_type = "image/png".to_owned();
    let header = pb::ExtractionUploadHeader { mime_type, size_bytes, options, ..Default::default() };
    let chunks = data.chunks(CHUNK).map(|chunk| Payload::Chunk(chunk.to_vec().into()));
    let payloads = std::iter::once(Payload::Header(header)).chain(chunks);
    payloads.map(|payload| pb::UploadAndExtractTextRequest { payload: Some(payload) }).collect()
}

/// Sends a form, with the file first or last, and returns the text that was read.
async fn form(edge: &str, way: &str, model: &str, data: &[u8]) -> String {
    let file = b"--XX\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n";
    let file = [file, data, b"\r\n"].concat();
    let model = format!("--XX\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n").into_bytes();
    let parts = if way == FILE_FIRST { [file, model] } else { [model, file] };
    let response = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = response
        .post(format!("http://{edge}/api/v1/vision/extract-text"))
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "multipart/form-data; boundary=XX")
        .body([parts.concat(), b"--XX--\r\n".to_vec()].concat());
    let answer = response.send().await.unwrap().bytes().await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    answer["extracted_text"].as_str().unwrap_or_else(|| panic!("{way}: {answer}")).to_owned()
}

/// Has a picture of that size read.
async fn read(program: &Program, way: &str, model: &str, bytes: usize) {
    if [FORM, FILE_FIRST].contains(&way) {
        assert_eq!(form(&program.edge, way, model, &picture(bytes)).await, TEXT);
        return;
    }
    let mut client = program.client.clone();
    let extraction = match way {
        "unary" => {
            let request = with_key(unary(model, picture(bytes)));
            client.extract_text(request).await.map(|response| response.into_inner().extraction)
        }
        sized => {
            let size = (sized == "upload").then_some(bytes as u64);
            let request = with_key(stream::iter(upload(model, size, &picture(bytes))));
            client.upload_and_extract_text(request).await.map(|response| response.into_inner().extraction)
        }
    };
    assert_eq!(extraction.unwrap_or_else(|e| panic!("{way}, {model}: {e}")).unwrap().text, TEXT);
}

/// Sends a large picture and returns how many times its size memory grew beyond what the idle program had.
async fn growth(program: &Program, idle: usize, way: &str, model: &str, bytes: usize) -> f64 {
    program.forget_peak();
    read(program, way, model, bytes).await;
    let peak = program.memory("VmHWM");
    let (grown, mib) = (peak.saturating_sub(idle), |bytes: usize| bytes as f64 / f64::from(1 << 20));
    let times = grown as f64 / bytes as f64;
    let (peak, grown, size) = (mib(peak), mib(grown), mib(bytes));
    println!(
        "{way:>14} of {size:.0} MiB, {model:23}: {peak:6.1} MiB, {grown:5.1} over idle, {times:.2} times its size"
    );
    times
}

/// Starts the program and shows it a small picture each way, so that its code is in memory, which the kernel counts, too.
async fn warm(upstream: &ScriptedUpstream, model: &str) -> (Program, usize) {
    let program = Program::start(&upstream.url()).await;
    for way in WAYS {
        read(&program, way, model, 100).await;
    }
    let idle = program.memory("VmRSS");
    (program, idle)
}

const FORM: &str = "form";
const FILE_FIRST: &str = "file first";
const WAYS: [&str; 5] = ["unary", "upload", "unsized upload", FORM, FILE_FIRST];
const MODELS: [(&str, usize); 5] = [
    ("google/gemini-3.8-flash", LARGE),
    ("x-ai/grok-4.3", LARGE),
    ("perplexity/sonar", LARGE),
    ("acme/seer", LARGE),
    // The provider takes no larger ones.
    ("sber/GigaChat-2-Pro", 15 << 20),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_large_picture_takes_less_than_three_times_its_size() {
    let upstream = ScriptedUpstream::start(answer).await;
    for (model, bytes) in MODELS {
        for way in WAYS {
            // A fresh program each time: what the last picture left behind would hide what this one takes.
            let (program, idle) = warm(&upstream, model).await;
            let times = growth(&program, idle, way, model, bytes).await;
            assert!(times < 3.0, "{way}, {model}: {times:.2}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_one_after_the_other_do_not_add_up() {
    let upstream = ScriptedUpstream::start(answer).await;
    let (model, bytes) = MODELS[0];
    let (program, idle) = warm(&upstream, model).await;
    for way in WAYS.into_iter().cycle().take(10) {
        let times = growth(&program, idle, way, model, bytes).await;
        // What the one before has just given back may still count; what ten have taken may not.
        assert!(times < 5.0, "{way}: {times:.2}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twice_the_limit_is_refused_by_its_name() {
    let upstream = ScriptedUpstream::start(answer).await;
    let program = Program::start(&upstream.url()).await;
    let (large, mut client) = (picture(2 * LARGE), program.client.clone());
    let model = "google/gemini-3.8-flash";
    let uploaded = async |mut client: VisionServiceClient<Channel>, size| {
        client.upload_and_extract_text(with_key(stream::iter(upload(model, size, &large)))).await.unwrap_err()
    };
    let cases = [
        (
            "unary",
            client.extract_text(with_key(unary(model, large.clone()))).await.unwrap_err(),
            "AIGW_MAX_MESSAGE_BYTES",
        ),
        ("as said", uploaded(client.clone(), Some(2 * LARGE as u64)).await, "AIGW_MAX_IMAGE_BYTES"),
        ("as sent", uploaded(client.clone(), None).await, "AIGW_MAX_IMAGE_BYTES"),
    ];
    for (name, status, setting) in cases {
        assert_eq!(status.code(), Code::ResourceExhausted, "{name}: {status:?}");
        assert!(status.message().contains(setting), "{name}: {}", status.message());
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(info.reason, "TOO_LARGE", "{name}");
        assert!(info.metadata.contains_key("limit_bytes"), "{name}");
    }
    assert_eq!(upstream.requests.load(std::sync::atomic::Ordering::Relaxed), 0, "nothing was sent to a provider");
}
