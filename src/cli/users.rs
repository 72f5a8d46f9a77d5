//! `users`: works on the database directly, so it also works while no gateway runs.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    args::UsersCommand,
    output::{Failure, block_on, columns, print, print_json, timestamp},
};
use crate::{
    access::Directory,
    admin::users::Users,
    app::now_ms,
    config::Settings,
    domain::user::User,
    storage::{DatabaseUrl, Store},
};

pub fn run(settings: &Settings, command: UsersCommand) -> Result<(), Failure> {
    block_on(async {
        let url = DatabaseUrl::parse(settings.database_url.expose_secret())?;
        let users = Users::new(Store::open(&url, 1).await?, Arc::new(Directory::new()));
        match command {
            UsersCommand::Create { name, role, json } => {
                let user = users.create(&name, role, now_ms()).await?;
                if json {
                    return print_json(&describe(&user));
                }
                eprintln!(
                    "created {}; give them a key with `keys create --user ID --name laptop`; the id is:",
                    user.name
                );
                print(&format!("{}\n", user.id))
            }
            UsersCommand::List { json } => list(&users, json).await,
            UsersCommand::Disable { user } => {
                let user = users.set_active(&user, false).await?;
                eprintln!("disabled {}; running gateways refuse all of their keys within a second", user.name);
                Ok(())
            }
            UsersCommand::Enable { user } => {
                let user = users.set_active(&user, true).await?;
                eprintln!("enabled {}; running gateways accept their keys within a second", user.name);
                Ok(())
            }
        }
    })
}

async fn list(users: &Users, json: bool) -> Result<(), Failure> {
    let list = users.list().await?;
    if json {
        return print_json(&list.iter().map(describe).collect());
    }
    let mut rows = vec![["ID", "STATE", "ROLE", "CREATED", "NAME"].map(str::to_owned).to_vec()];
    rows.extend(list.into_iter().map(|user| {
        let (state, role) = (state(&user).to_owned(), user.role.name().to_owned());
        vec![user.id, state, role, timestamp(user.created_ms), user.name]
    }));
    print(&columns(&rows))
}

fn describe(user: &User) -> serde_json::Value {
    json!({
        "id": user.id,
        "name": user.name,
        "role": user.role.name(),
        "state": state(user),
        "created_time": timestamp(user.created_ms),
    })
}

fn state(user: &User) -> &'static str {
    if user.active { "active" } else { "disabled" }
}
