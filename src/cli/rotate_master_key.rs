//! `rotate-master-key`: works on the database directly, while gateways serve or not. Says what is left to do.

use secrecy::ExposeSecret as _;

use super::{args::RotateMasterKey, output::Failure};
use crate::{
    admin::rotation::{Rotated, Rotation, RotationError},
    app::{master_source, now_ms},
    config::{MasterKey, Settings},
    storage::{DatabaseUrl, Store},
};

const NO_NEW_KEY: &str = "\
the master key is one of your own, so its successor must come from you too: set AIGW_NEW_MASTER_KEY or \
AIGW_NEW_MASTER_KEY_FILE; make one with `openssl rand -base64 32 | tr '+/' '-_'`";

impl From<RotationError> for Failure {
    fn from(error: RotationError) -> Self {
        match error {
            RotationError::Store(error) => error.into(),
            other => Self::Failed(other.to_string()),
        }
    }
}

pub fn run(settings: &Settings, wanted: RotateMasterKey) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    runtime.block_on(rotate(settings, wanted))
}

async fn rotate(settings: &Settings, wanted: RotateMasterKey) -> Result<(), Failure> {
    let url = DatabaseUrl::parse(settings.database_url.expose_secret())?;
    let rotation = Rotation::new(Store::open(&url, 1).await?, master_source(&settings.master_key)).await?;
    if wanted.start_over {
        rotation.start_over().await?;
    }
    let rotated = match (&settings.new_master_key, &settings.master_key) {
        _ if wanted.finish => rotation.finish().await?,
        (Some(new), current) => {
            let rotated = rotation.prepare(&master_source(new), now_ms()).await?;
            tell(&rotated);
            tell_next_steps(new, current);
            return Ok(());
        }
        (None, MasterKey::Generated(path)) => rotation.run(path, now_ms()).await?,
        (None, MasterKey::Value(_) | MasterKey::File(_)) => return Err(Failure::Config(NO_NEW_KEY.to_owned())),
    };
    tell(&rotated);
    eprintln!("the rotation is complete: only the master key with id {} opens the database now", rotated.master_id);
    Ok(())
}

fn tell(rotated: &Rotated) {
    eprintln!("{} secrets were encrypted anew", rotated.resealed);
    if !rotated.unreadable.is_empty() {
        eprintln!(
            "warning: {} secrets could not be read before this either and stay as they are; set them anew or delete \
             their provider keys: {}",
            rotated.unreadable.len(),
            rotated.unreadable.join(", ")
        );
    }
}

fn tell_next_steps(new: &MasterKey, current: &MasterKey) {
    let from = match new {
        MasterKey::Value(_) => "the value of AIGW_NEW_MASTER_KEY".to_owned(),
        MasterKey::File(path) | MasterKey::Generated(path) => format!("the content of {}", path.display()),
    };
    let to = match current {
        MasterKey::File(path) => format!("into {}", path.display()),
        MasterKey::Value(_) | MasterKey::Generated(_) => "into AIGW_MASTER_KEY".to_owned(),
    };
    eprintln!("both master keys open the database now. Next:");
    eprintln!("  1. put {from} {to}, for every gateway of this database");
    eprintln!("  2. restart these gateways, one after the other if you like");
    eprintln!("  3. run `ai-model-gateway rotate-master-key --finish` with the new key in place: the old one ends");
}
