//! What people change about themselves: language, time zone, password.

use axum::{
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use domain::{
    people::account::{Account, Identity},
    reason::{Reason, Refusal},
};
use maud::{Markup, html};
use service::{
    command::{CommandError, Context},
    people::accounts::commands,
};
use store::records::people::accounts;
use web::{
    deps::Deps,
    form::Form,
    i18n::Lang,
    layout, offers,
    request::{Caller, LANGUAGE_COOKIE, User, View},
    response::{PageResult, see_other},
    session,
};

const YEAR_S: i64 = 365 * 24 * 3600;

/// Remembers the language on this browser and, when signed in, in the account; then back to where it was chosen.
pub async fn language(State(deps): State<Deps>, view: View, headers: HeaderMap, form: Form) -> PageResult {
    let lang = Lang::parse(form.value("code")).ok_or(CommandError::NotFound)?;
    if let Some(User { actor, zone, .. }) = view.user
        && let Identity::Account(id) = actor.identity
    {
        let cx = Context::new(actor, deps.now(), domain::people::account::Source::Desktop, None);
        commands::set_preferences(&deps.records, cx, id, lang.code(), zone.name()).await?;
    }
    let mut answer = see_other(&back(&headers));
    let cookie = session::set_cookie(&deps, LANGUAGE_COOKIE, lang.code(), YEAR_S);
    answer.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(answer)
}

/// The path that the form was sent from.
fn back(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()?.parse::<Uri>().ok());
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let path = referer.filter(|uri| uri.authority().map(|authority| authority.as_str()) == host);
    path.and_then(|uri| uri.path_and_query().map(|path| path.as_str().to_string()))
        .filter(|path| path.starts_with('/') && !path.starts_with("//"))
        .unwrap_or_else(|| "/".into())
}

pub async fn menu(view: View) -> Markup {
    layout::menu(&view)
}

pub async fn page(State(deps): State<Deps>, view: View, user: User) -> PageResult {
    let account = own(&deps, &user).await?;
    Ok(draw(&view, &account, &preferences(&account), &Form::blank()).into_response())
}

pub async fn save(
    State(deps): State<Deps>,
    view: View,
    user: User,
    Caller(cx): Caller,
    form: Form,
) -> PageResult {
    let account = own(&deps, &user).await?;
    let lang =
        Lang::parse(form.value("language")).ok_or(CommandError::field("language", Reason::UnknownChoice));
    let saved = match lang {
        Ok(lang) => {
            let cx = form.context(cx);
            commands::set_preferences(&deps.records, cx, account.id, lang.code(), form.value("time_zone"))
                .await
        }
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => Ok(see_other("/account")),
        Err(error) => form.again(error, |form| draw(&view, &account, form, &Form::blank())),
    }
}

/// Wrong passwords within the window before further ones are refused.
const PASSWORDS: u32 = 10;

/// Asks for the present password, so that an unlocked screen is not enough to take the account over.
pub async fn change_password(State(deps): State<Deps>, view: View, user: User, form: Form) -> PageResult {
    let account = own(&deps, &user).await?;
    match replace_password(&deps, &account, &form).await {
        Ok(answer) => Ok(answer),
        Err(error) => form.again(error, |form| draw(&view, &account, &preferences(&account), form)),
    }
}

async fn replace_password(deps: &Deps, account: &Account, form: &Form) -> Result<Response, CommandError> {
    let limit = [(format!("password {}", account.id), PASSWORDS)];
    let Some(attempt) = deps.shell.sign_ins.begin(&limit, deps.now()).await else {
        return Err(CommandError::Refused(Refusal::TooMany));
    };
    let kept = accounts::find_by_email(deps.records.read(), &account.email).await?.map(|(_, kept)| kept);
    if !deps.memory.hashing.verify(form.raw("current").into(), kept).await? {
        attempt.failed();
        return Err(CommandError::field("current", Reason::WrongPassword));
    }
    attempt.succeeded();
    if form.raw("password") != form.raw("again") {
        return Err(CommandError::field("again", Reason::PasswordDiffers));
    }
    commands::set_password(&deps.records, &deps.memory.hashing, account, form.raw("password").into()).await?;
    let tx = deps.records.begin().await?;
    let cookie = session::start(&tx, deps, account.id).await?;
    tx.commit().await?;
    let mut answer = see_other("/account");
    answer.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(answer)
}

async fn own(deps: &Deps, user: &User) -> Result<Account, CommandError> {
    let Identity::Account(id) = user.actor.identity else { return Err(CommandError::NotFound) };
    accounts::get(deps.records.read(), id).await?.ok_or(CommandError::NotFound)
}

fn preferences(account: &Account) -> Form {
    Form::filled([("language", &account.language), ("time_zone", &account.time_zone)])
}

fn draw(view: &View, account: &Account, form: &Form, secret: &Form) -> Markup {
    let (lang, f, s) = (view.lang, form.fields(view.lang), secret.fields(view.lang));
    let title = lang.t("account-title");
    layout::page(
        view,
        &title,
        &html! {
            div.top { div { h1 { (title) } p.sub { (account.name) " · " (account.email) } } }
            div.narrow.stack {
                form.card.pad.stack method="post" action="/account" {
                    (f.start())
                    (f.select("language", "accounts-language", &offers::languages()))
                    (f.select("time_zone", "accounts-time-zone", &offers::time_zones()))
                    button.btn type="submit" { (lang.t("save")) }
                }
                form.card.pad.stack method="post" action="/account/password" {
                    h2 { (lang.t("account-password")) }
                    (s.start())
                    (s.input("password", "current", "account-password-current").required().attribute("autocomplete", "current-password"))
                    (s.input("password", "password", "account-password-new").required().hint("accounts-password-hint").attribute("autocomplete", "new-password"))
                    (s.input("password", "again", "accounts-password-again").required().attribute("autocomplete", "new-password"))
                    button.btn type="submit" { (lang.t("account-password-change")) }
                }
            }
        },
    )
}
