//! Compiles `proto/` with protox (pure Rust), so that no `protoc` has to be installed.
//!
//! One script serves both packages: the root package gets servers, clients (for tests), the descriptor set for
//! reflection and the policy of every rpc; `gateway-edge`, whose manifest says `build = "../build.rs"`, gets clients and
//! the rule of every rpc for sending it again. Both get the catalogue of what people are told.
#![expect(clippy::disallowed_methods, reason = "a build script has no other way to learn where it is")]

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use protox::prost_reflect::{DescriptorPool, Kind, MethodDescriptor, Value};

fn main() -> Result<(), Box<dyn Error>> {
    let manifest_dir = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let edge = env::var("CARGO_PKG_NAME")? == "gateway-edge";
    let root = if edge { manifest_dir.join("..") } else { manifest_dir };
    let proto = root.join("proto");
    // Without these the edge would keep code of an older contract.
    println!("cargo:rerun-if-changed={}", proto.display());
    println!("cargo:rerun-if-changed={}", root.join("build.rs").display());
    if !edge {
        println!("cargo:rerun-if-changed={}", root.join("migrations").display());
    }

    let mut files = Vec::new();
    collect(&proto, &mut files)?;
    files.sort();

    let compile = |comments: bool| -> Result<_, protox::Error> {
        let mut compiler = protox::Compiler::new([&proto])?;
        compiler.include_imports(true).include_source_info(comments).open_files(&files)?;
        Ok(compiler)
    };
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("messages.rs"), messages(&fs::read(proto.join("aigateway/v1/messages.json"))?)?)?;
    let compiled = compile(false)?;
    if edge {
        fs::write(out.join("protos.rs"), embedded(&proto, &files)?)?;
        fs::write(out.join("rules.rs"), rules(&compiled.descriptor_pool()))?;
    } else {
        fs::write(out.join("descriptor.bin"), compiled.encode_file_descriptor_set())?;
        fs::write(out.join("policy.rs"), policy(&compiled.descriptor_pool())?)?;
    }
    tonic_prost_build::configure()
        .build_client(true)
        .build_server(!edge)
        .bytes(".aigateway.v1")
        .codec_path(if edge { "crate::codec::EventCodec" } else { "crate::grpc::EventCodec" })
        .emit_rerun_if_changed(false)
        .compile_fds(compile(true)?.file_descriptor_set())?;
    Ok(())
}

/// Writes the list of all files with their texts, for those who download the contract.
fn embedded(proto: &Path, files: &[PathBuf]) -> Result<String, Box<dyn Error>> {
    let mut code = "&[\n".to_owned();
    for file in files {
        let (name, path) = (file.strip_prefix(proto)?, fs::canonicalize(file)?);
        code += &format!("    ({name:?}, include_str!({path:?})),\n");
    }
    Ok(code + "]\n")
}

/// Writes the names of all rpcs, and the function from an rpc's path to its policy. An rpc without a policy ends the build.
fn policy(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let methods = methods(pool);
    let names: Vec<&str> = methods.iter().map(|(path, _)| path.trim_start_matches("/aigateway.v1.")).collect();
    let mut code = format!("pub const RPCS: [&str; {}] = {names:?};\n\n", names.len());
    code += "pub fn policy_of(path: &str) -> Option<Policy> {\n    Some(match path {\n";
    for (rpc, (path, method)) in methods.iter().enumerate() {
        let scope = option(method, "required_scope").and_then(|(kind, value)| scope_name(&kind, &value));
        let scope = match (scope, flag(method, "public")) {
            (Some(scope), false) => format!("Some(Scope::{scope})"),
            (None, true) => "None".to_owned(),
            (Some(_), true) | (None, false) => {
                return Err(format!("rpc {path} needs a policy: either `(required_scope)` or `(public)`").into());
            }
        };
        let endless = flag(method, "endless");
        code += &format!("        {path:?} => Policy {{ rpc: {rpc}, scope: {scope}, endless: {endless} }},\n");
    }
    Ok(code + "        _ => return None,\n    })\n}\n")
}

/// Writes the function from an rpc's path to its rule for sending it again.
fn rules(pool: &DescriptorPool) -> String {
    let mut code = "pub fn rule_of(path: &str) -> Option<Rule> {\n    Some(match path {\n".to_owned();
    for (path, method) in methods(pool) {
        let (repeatable, upload) = (flag(&method, "repeatable"), method.is_client_streaming());
        let answer = match (method.is_server_streaming(), flag(&method, "endless")) {
            (false, _) => "Whole",
            (true, false) => "Stream",
            (true, true) => "Endless",
        };
        code += &format!(
            "        {path:?} => Rule {{ repeatable: {repeatable}, upload: {upload}, answer: Answer::{answer} }},\n"
        );
    }
    code + "        _ => return None,\n    })\n}\n"
}

/// Returns every rpc with its path.
fn methods(pool: &DescriptorPool) -> Vec<(String, MethodDescriptor)> {
    let with_path =
        |method: MethodDescriptor| (format!("/{}/{}", method.parent_service().full_name(), method.name()), method);
    pool.services().flat_map(|service| service.methods().map(with_path).collect::<Vec<_>>()).collect()
}

/// Whether the rpc sets this option of policy.proto to true.
fn flag(method: &MethodDescriptor, name: &str) -> bool {
    option(method, name).is_some_and(|(_, value)| value == Value::Bool(true))
}

/// Returns the type and the value of an option of policy.proto that the rpc sets itself.
fn option(method: &MethodDescriptor, name: &str) -> Option<(Kind, Value)> {
    let extension = method.parent_pool().get_extension_by_name(&format!("aigateway.v1.{name}"))?;
    let options = method.options();
    options.has_extension(&extension).then(|| (extension.kind(), options.get_extension(&extension).into_owned()))
}

/// Makes the name of a variant of `domain::scope::Scope` of `GATEWAY_KEY_SCOPE_KEYS`, say.
fn scope_name(kind: &Kind, value: &Value) -> Option<String> {
    let name = kind.as_enum()?.get_value(value.as_enum_number()?)?.name().to_owned();
    let name = name.strip_prefix("GATEWAY_KEY_SCOPE_").filter(|name| *name != "UNSPECIFIED")?;
    Some(format!("{}{}", name.get(..1)?, name.get(1..)?.to_ascii_lowercase()))
}

/// Writes the catalogue as a table. A text that is missing ends the build.
fn messages(json: &[u8]) -> Result<String, Box<dyn Error>> {
    let catalogue: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(json)?;
    let mut code = "pub const MESSAGES: &[Message] = &[\n".to_owned();
    for (name, message) in &catalogue {
        let text = |member: &str| {
            let text = message.get(member).and_then(serde_json::Value::as_str);
            text.ok_or_else(|| format!("messages.json: {name} has no `{member}`"))
        };
        let (anchor, en, vi) = (text("anchor")?, text("en")?, text("vi")?);
        code += &format!("    Message {{ name: {name:?}, anchor: {anchor:?}, en: {en:?}, vi: {vi:?} }},\n");
    }
    Ok(code + "];\n")
}

/// Finds every `.proto` file below `dir`.
fn collect(dir: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, into)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            into.push(path);
        }
    }
    Ok(())
}
