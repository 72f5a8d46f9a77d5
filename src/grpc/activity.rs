//! ActivityService: convert, call the use case, convert.

use std::{mem::take, pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use super::{
    call::Call,
    context::call_of,
    convert_activity::{
        days_of, dimensions_of, entry_to_pb, filter_of, group_of, millis_of, millis_with, sum_to_pb, token_of_group,
        watched_to_pb,
    },
    paging::{PageTokens, Place, page_size},
    status::status_of,
};
use crate::{
    admin::{
        Administration,
        activity::ActivityPage,
        activity_watch::{ActivityWatch, WatchActivity},
        usage::UsagePage,
    },
    domain::{activity::ActivityQuery, consumption::UsageQuery, error::Result, time_id::least_id_at},
    pb::{self, activity_service_server::ActivityService},
};

/// How long before the call's deadline a watch ends by itself, so that the caller learns to call again.
const TIME_TO_END: Duration = Duration::from_millis(250);

pub struct ActivityGrpc {
    pub admin: Arc<Administration>,
}

type Events = Pin<Box<dyn Stream<Item = std::result::Result<pb::WatchActivityResponse, Status>> + Send>>;

#[tonic::async_trait]
impl ActivityService for ActivityGrpc {
    type WatchActivityStream = Events;

    async fn list_activity(
        &self,
        mut request: Request<pb::ListActivityRequest>,
    ) -> std::result::Result<Response<pb::ListActivityResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = list_activity(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn watch_activity(
        &self,
        mut request: Request<pb::WatchActivityRequest>,
    ) -> std::result::Result<Response<Events>, Status> {
        let call = call_of(&mut request)?;
        let result = watch_activity(&self.admin, &call, request.into_inner()).await;
        let request_id = call.request_id.clone();
        call.answer(result.map(|watch| events(watch, request_id)))
    }

    async fn list_usage(
        &self,
        mut request: Request<pb::ListUsageRequest>,
    ) -> std::result::Result<Response<pb::ListUsageResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = list_usage(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }
}

async fn list_activity(
    admin: &Administration,
    call: &Call,
    mut request: pb::ListActivityRequest,
) -> Result<pb::ListActivityResponse> {
    let (limit, token) = (page_size(take(&mut request.page_size)), take(&mut request.page_token));
    let tokens = PageTokens::of("activity", &request);
    let place = tokens.place_of(&token)?;
    let end_id = request.end_time.as_ref().map(|time| least_id_at(millis_of(time)));
    let query = ActivityQuery {
        user_id: call.caller.user_id.clone(),
        filter: filter_of(request.filter)?,
        from_id: request.start_time.as_ref().map(|time| least_id_at(millis_with(time))),
        before_id: place.map(|place| place.id).or(end_id),
        limit,
    };
    let ActivityPage { entries, next_before_id } = admin.activity.list(query).await?;
    Ok(pb::ListActivityResponse {
        entries: entries.into_iter().map(entry_to_pb).collect(),
        // The id says the time as well.
        next_page_token: next_before_id.map_or_else(String::new, |id| tokens.token_of(&Place { created_ms: 0, id })),
    })
}

async fn watch_activity(
    admin: &Administration,
    call: &Call,
    request: pb::WatchActivityRequest,
) -> Result<ActivityWatch> {
    let wanted = WatchActivity {
        user_id: call.caller.user_id.clone(),
        filter: filter_of(request.filter)?,
        after_id: request.after_id,
        until: call.deadline.checked_sub(TIME_TO_END).unwrap_or_else(Instant::now),
    };
    admin.activity.watch(wanted).await
}

/// Numbers what is watched, to the first error.
fn events(watch: ActivityWatch, request_id: String) -> Events {
    let start = Some((watch, 0, request_id));
    Box::pin(stream::unfold(start, |state| async move {
        let (mut watch, sequence, request_id) = state?;
        match watch.next().await {
            Ok(watched) => Some((Ok(watched_to_pb(watched, sequence)), Some((watch, sequence + 1, request_id)))),
            Err(error) => Some((Err(status_of(error, &request_id)), None)),
        }
    }))
}

async fn list_usage(
    admin: &Administration,
    call: &Call,
    mut request: pb::ListUsageRequest,
) -> Result<pb::ListUsageResponse> {
    let (limit, token) = (page_size(take(&mut request.page_size)), take(&mut request.page_token));
    let tokens = PageTokens::of("usage", &request);
    let by = dimensions_of(&request.group_by)?;
    let (from_ms, to_ms) = days_of(request.start_time.as_ref(), request.end_time.as_ref());
    let query = UsageQuery {
        user_id: call.caller.user_id.clone(),
        from_ms,
        to_ms,
        gateway_key_id: request.gateway_key_id,
        provider: request.provider,
        model_id: request.model_id,
        by,
        after: group_of(&tokens, &token)?,
        limit,
    };
    let UsagePage { rows, next_after } = admin.usage.list(query).await?;
    Ok(pb::ListUsageResponse {
        rows: rows.into_iter().map(|row| sum_to_pb(row, by)).collect(),
        next_page_token: next_after.map_or_else(String::new, |group| token_of_group(&tokens, &group)),
    })
}
