//! Profiles for programs.

use super::profile_name;
use crate::fleet::customers::{READ, WRITE};
use domain::{
    fleet::{device::DeviceProfile, profile::Profile, provisioning::Provisioning},
    id::{DeviceId, ProfileId},
};
use serde::Serialize;
use service::{
    command::{CommandError, Context},
    deps::Deps as Needs,
    fleet::profiles::{
        commands::{self, NewProfile},
        input::{DescribedShape, ProfileInput},
        keys, queries,
    },
    scope,
};
use store::records::fleet::{profiles, provisionings};
use uuid::Uuid;
use web::{
    deps::Deps,
    list::{Items, ListQuery},
    operation::{self, Operation, call, making, press_silently},
    problem::Problem,
    request::User,
    routes::Access,
};

/// How devices can speak.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ProfileView {
    /// For `profile` of a device: a word of a built-in profile, or the id of one that people made.
    profile: String,
    name: String,
    /// How the messages are read: a built-in profile.
    speaks: &'static str,
    /// Where such devices publish.
    topics: Vec<String>,
    /// Whether one connection usually speaks for many devices behind it, each of which becomes a device of its own.
    speaks_for_others: bool,
}

/// A profile that people made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OwnProfile {
    id: Uuid,
    #[serde(flatten)]
    profile: ProfileInput,
}

impl From<Profile> for OwnProfile {
    fn from(profile: Profile) -> Self {
        Self { id: profile.id.into(), profile: ProfileInput::from(&profile) }
    }
}

/// How devices of a profile register themselves.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProvisioningView {
    /// `create` or `complete`.
    strategy: &'static str,
    /// `provisionDeviceKey` of their requests.
    key: String,
    /// So many may be put on record with it.
    max_devices: u32,
}

/// The same with its secret, which is shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProvisioningWithSecret {
    #[serde(flatten)]
    provisioning: ProvisioningView,
    /// `provisionDeviceSecret` of their requests.
    secret: String,
}

impl From<Provisioning> for ProvisioningView {
    fn from(provisioning: Provisioning) -> Self {
        let Provisioning { strategy, key, max_devices, .. } = provisioning;
        Self { strategy: strategy.as_str(), key, max_devices }
    }
}

impl From<(Provisioning, String)> for ProvisioningWithSecret {
    fn from((provisioning, secret): (Provisioning, String)) -> Self {
        Self { provisioning: provisioning.into(), secret }
    }
}

pub fn operations() -> Vec<Operation> {
    let (read, write) = (Access::Roles(READ), Access::Roles(WRITE));
    let (list, one) = ("/api/v1/profiles", "/api/v1/profiles/{id}");
    let provisioning = "/api/v1/profiles/{id}/provisioning";
    vec![
        Operation::get(
            list,
            Access::SignedIn,
            "How devices can speak: the built-in profiles, and those that people made.",
            operation::ask_all(all),
        )
        .named("profiles")
        .refusals(&[]),
        Operation::get(one, read, "One profile that people made.", operation::read(get)),
        Operation::create(list, write, "Adds a profile.", making::<OwnProfile, _, _>(create)),
        Operation::update(
            one,
            write,
            "Changes a profile: what arrives from now on is read by it.",
            call::<OwnProfile, _, _, _>(update),
        ),
        Operation::delete(
            one,
            write,
            "Removes a profile that no device has.",
            press_silently(commands::delete),
        )
        .named("delete")
        .silent()
        .refusals(&[("404", ""), ("409", "")]),
        Operation::get(
            provisioning,
            read,
            "How devices of the profile register themselves.",
            operation::read(registers),
        )
        .named("provisioning"),
        Operation::post(
            provisioning,
            write,
            "Lets devices of the profile register themselves, with the key and the secret of the answer. The secret is shown this once; a key from before ends.",
            call::<ProvisioningWithSecret, _, _, _>(keys::open),
        )
        .named("open_provisioning"),
        Operation::delete(
            provisioning,
            write,
            "Ends the key; devices that came by it stay.",
            press_silently(keys::close),
        )
        .named("close_provisioning")
        .silent()
        .refusals(&[("404", "")]),
        Operation::get(
            "/api/v1/devices/{id}/suggested-metrics",
            read,
            "What the first messages of a device suggest that its metrics are, to be confirmed in a profile.",
            operation::read_all(suggested),
        )
        .named("suggested_metrics"),
    ]
}

async fn all(deps: &Deps, user: &User, _: ListQuery) -> Result<Items<ProfileView>, Problem> {
    let built_in = |profile: DeviceProfile| ProfileView {
        profile: profile.as_str().into(),
        name: profile_name(user.lang, profile),
        speaks: profile.as_str(),
        topics: profile.topics().iter().map(|topic| (*topic).to_owned()).collect(),
        speaks_for_others: profile.has_children(),
    };
    let own = |profile: Profile| {
        let routes = profile.meaning.routes;
        let others =
            profile.speaks.has_children() || routes.iter().any(|route| route.topic.contains("{child"));
        ProfileView {
            profile: profile.id.to_string(),
            name: profile.name,
            speaks: profile.speaks.as_str(),
            topics: match &routes[..] {
                [] => profile.speaks.topics().iter().map(|topic| (*topic).to_owned()).collect(),
                routes => routes.iter().map(|route| route.topic.clone()).collect(),
            },
            speaks_for_others: others,
        }
    };
    let mut items: Vec<_> = DeviceProfile::ALL.into_iter().map(built_in).collect();
    // What the house calls its devices is not for those who see a customer's rows alone.
    if user.scope().is_everything() {
        let (all, unreadable) = profiles::all(deps.records.read()).await?;
        items.extend(all.into_iter().map(own));
        return Ok(Items::whole(items, unreadable));
    }
    Ok(Items::whole(items, Vec::new()))
}

async fn get(deps: &Deps, user: &User, id: ProfileId) -> Result<OwnProfile, Problem> {
    scope::house(user.scope())?;
    Ok(profiles::get(deps.records.read(), id).await?.ok_or(CommandError::NotFound)?.into())
}

async fn registers(deps: &Deps, user: &User, id: ProfileId) -> Result<ProvisioningView, Problem> {
    scope::house(user.scope())?;
    let found = provisionings::of_profile(deps.records.read(), id).await?;
    Ok(found.ok_or(CommandError::NotFound)?.into())
}

async fn create(deps: &Needs, cx: Context, input: NewProfile) -> Result<OwnProfile, CommandError> {
    Ok(commands::create(deps, cx, input).await?.into())
}

async fn update(
    deps: &Needs,
    cx: Context,
    id: ProfileId,
    input: ProfileInput,
) -> Result<OwnProfile, CommandError> {
    Ok(commands::update(deps, cx, id, input).await?.into())
}

async fn suggested(deps: &Deps, user: &User, id: DeviceId) -> Result<Items<DescribedShape>, Problem> {
    let device = scope::device(deps.records.read(), user.scope(), id).await?;
    let found = queries::suggested(deps, &device).await?;
    Ok(Items::whole(found.iter().map(Into::into).collect(), Vec::new()))
}
