//! The rpc that imports provider keys.

use crate::{
    admin::{
        Administration,
        key_import::{Format, Import, RowResult, Verdict},
    },
    domain::error::{Error, Result},
    grpc::call::Call,
    pb,
};

pub async fn import(
    admin: &Administration,
    call: &Call,
    request: pb::ImportProviderKeysRequest,
) -> Result<pb::ImportProviderKeysResponse> {
    let import = Import {
        content: &request.content,
        format: format_of(request.format)?,
        default_provider: &request.default_provider,
        all_or_nothing: request.all_or_nothing,
        dry_run: request.dry_run,
    };
    let results = admin.import.import(&call.actor(), import).await?;
    let count = |wanted: &[Verdict]| {
        let number = results.iter().filter(|result| wanted.contains(&result.verdict)).count();
        u32::try_from(number).unwrap_or(u32::MAX)
    };
    Ok(pb::ImportProviderKeysResponse {
        created_count: count(&[Verdict::Created]),
        duplicate_count: count(&[Verdict::Duplicate]),
        rejected_count: count(&[Verdict::UnknownProvider, Verdict::BadFormat, Verdict::HeldBack]),
        rows: results.into_iter().map(row_to_pb).collect(),
    })
}

fn format_of(format: i32) -> Result<Option<Format>> {
    match pb::ImportFormat::try_from(format) {
        Ok(pb::ImportFormat::Unspecified) => Ok(None),
        Ok(pb::ImportFormat::Csv) => Ok(Some(Format::Csv)),
        Ok(pb::ImportFormat::Env) => Ok(Some(Format::Env)),
        Ok(pb::ImportFormat::Json) => Ok(Some(Format::Json)),
        Ok(pb::ImportFormat::Lines) => Ok(Some(Format::Lines)),
        Err(_) => Err(Error::invalid("format", "format has an unknown value; leave it out to have it recognized")),
    }
}

fn row_to_pb(result: RowResult) -> pb::ImportRowResult {
    let verdict = match result.verdict {
        Verdict::Created => pb::ImportVerdict::Created,
        Verdict::Duplicate => pb::ImportVerdict::Duplicate,
        Verdict::UnknownProvider => pb::ImportVerdict::UnknownProvider,
        Verdict::BadFormat => pb::ImportVerdict::BadFormat,
        Verdict::HeldBack => pb::ImportVerdict::HeldBack,
    };
    pb::ImportRowResult {
        line: result.line,
        verdict: verdict.into(),
        provider: result.provider,
        name: result.name,
        hint: result.hint,
        provider_key_id: result.key_id,
        message: result.message,
    }
}
