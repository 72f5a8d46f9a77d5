//! Compiles `proto/` with protox (pure Rust), so that no `protoc` has to be installed.
//!
//! One script serves both packages: the root package gets servers, clients (for tests) and the descriptor set for
//! reflection; `gateway-edge`, whose manifest says `build = "../build.rs"`, gets clients only.
#![expect(clippy::disallowed_methods, reason = "a build script has no other way to learn where it is")]

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

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
    if !edge {
        fs::write(out.join("descriptor.bin"), compile(false)?.encode_file_descriptor_set())?;
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
