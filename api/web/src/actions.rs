//! What is done to a thing that has a page: one table gives the page its buttons and forms, the page's posts, the
//! routes of programs, and what the OpenAPI document says of them.

use crate::{
    chooser,
    deps::Deps,
    form::Form,
    i18n::Lang,
    icon::icon,
    inputs::{Inputs, version},
    operation::{self, Call, Ids, Operation},
    request::{Caller, User, View},
    response::{PageResult, see_other},
    routes::{Access, Routes},
};
use axum::extract::{Path, State};
use domain::Currency;
use maud::{Markup, html};
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::command::CommandError;
use std::{fmt::Display, sync::Arc};

/// A page that shows one thing, with what can be done to it.
pub trait Page: Sized + Send + Sync + 'static {
    type Id: DeserializeOwned + Display + Copy + Send;

    fn load(
        deps: &Deps,
        view: &View,
        user: &User,
        id: Self::Id,
    ) -> impl Future<Output = Result<Self, CommandError>> + Send;
    fn draw(&self, view: &View, refused: &Posted) -> Markup;
    fn address(id: Self::Id) -> String;
    fn id(&self) -> Self::Id;
    /// The version that its reader sees.
    fn version(&self) -> i64;
    /// Of the amounts that its forms ask for.
    fn currency(
        _: &Deps,
        _: Self::Id,
    ) -> impl Future<Output = Result<Option<Currency>, CommandError>> + Send {
        async { Ok(None) }
    }
    /// Looks up what was chosen by words.
    fn settle(
        _: &Deps,
        _: &View,
        form: Form,
        _: &[(&'static str, chooser::Kind)],
    ) -> impl Future<Output = Result<Form, CommandError>> + Send {
        async { Ok(form) }
    }
}

/// The form that was posted and refused, by the end of its address; a page that was only asked for has none.
pub struct Posted {
    pub action: String,
    pub form: Form,
}

impl Posted {
    pub fn nothing() -> Self {
        Self { action: String::new(), form: Form::blank() }
    }
    /// What was typed when this is the refused form, else `fresh`.
    pub fn or(&self, action: &str, fresh: impl FnOnce() -> Form) -> Form {
        if self.action == action { self.form.clone() } else { fresh() }
    }
}

/// Something that can be done.
pub struct Action<P> {
    operation: Operation,
    programs: bool,
    /// Where the page posts it, and who may.
    people: Option<(&'static str, Access)>,
    label: &'static str,
    /// Of the button, when it says less than the label.
    button: &'static str,
    inputs: fn(Lang) -> Inputs,
    offered: fn(&P) -> bool,
    fresh: fn(&P, Lang) -> Form,
    leads_to: fn(&Value) -> Option<String>,
    /// What the body calls the thing, where the address of programs does not name it.
    names_it: Option<&'static str>,
    /// Where on the page one finds what it changed.
    anchor: &'static str,
}

impl<P: Page> Action<P> {
    /// What programs do by `operation`; nobody else until [`Action::people`] says so.
    pub fn new(operation: Operation) -> Self {
        Self {
            operation,
            programs: true,
            people: None,
            label: "",
            button: "",
            inputs: |_| Inputs::new([version()]),
            offered: |_| true,
            fresh: |page, _| Form::filled([("version", page.version())]),
            leads_to: |_| None,
            names_it: None,
            anchor: "",
        }
    }
    /// Where programs have another way.
    pub fn of_people_only(self) -> Self {
        Self { programs: false, ..self }
    }
    /// People do it on the page, which posts to the address of programs without its beginning.
    pub fn people(self, access: Access, label: &'static str) -> Self {
        let path = self.operation.path;
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        Self { people: Some((path, access)), label, button: label, ..self }
    }
    /// The page posts to another address.
    pub fn posted_to(self, path: &'static str) -> Self {
        Self { people: self.people.map(|(_, access)| (path, access)), ..self }
    }
    pub fn button(self, button: &'static str) -> Self {
        Self { button, ..self }
    }
    /// The fields of its form.
    pub fn asks(self, inputs: fn(Lang) -> Inputs) -> Self {
        Self { inputs, ..self }
    }
    /// What its form holds at first.
    pub fn showing(self, fresh: fn(&P, Lang) -> Form) -> Self {
        Self { fresh, ..self }
    }
    /// In which state of the thing the page offers it.
    pub fn when(self, offered: fn(&P) -> bool) -> Self {
        Self { offered, ..self }
    }
    /// The page that shows what it made, by the answer that programs get.
    pub fn leads_to(self, leads_to: fn(&Value) -> Option<String>) -> Self {
        Self { leads_to, ..self }
    }
    /// The body names the thing so; the address of programs does not.
    pub fn naming_it(self, name: &'static str) -> Self {
        Self { names_it: Some(name), ..self }
    }
    pub fn anchor(self, anchor: &'static str) -> Self {
        Self { anchor, ..self }
    }

    fn is_offered(&self, view: &View, page: &P) -> bool {
        let may = self.people.is_some_and(|(_, access)| access.admits(view.user.as_ref()));
        may && (self.offered)(page)
    }
    /// The end of its address, which names it on the page.
    fn name(&self) -> &'static str {
        self.people.map_or("", |(path, _)| tail(path))
    }
    fn form(&self, view: &View, page: &P, refused: &Posted) -> Form {
        refused.or(self.name(), || (self.fresh)(page, view.lang))
    }
    fn address(&self, page: &P) -> String {
        format!("{}/{}", P::address(page.id()), self.name())
    }
}

/// What follows the first id of a path.
fn tail(path: &'static str) -> &'static str {
    path.split_once("}/").map_or("", |(_, tail)| tail)
}

/// Everything that can be done to a thing.
pub struct Actions<P> {
    tag: &'static str,
    list: Vec<Action<P>>,
}

impl<P: Page> Actions<P> {
    /// `tag` is what the OpenAPI document files them under.
    pub fn new(tag: &'static str, list: Vec<Action<P>>) -> Self {
        Self { tag, list }
    }
    pub fn document(&self) -> utoipa::openapi::OpenApi {
        let programs = self.list.iter().filter(|action| action.programs);
        operation::document(self.tag, programs.map(|action| &action.operation))
    }
    pub fn routes(self) -> Routes {
        self.list.into_iter().fold(Routes::new(), |routes, action| {
            let routes = if action.programs { action.operation.clone().mount(routes) } else { routes };
            let Some((path, access)) = action.people else { return routes };
            let action = Arc::new(action);
            let post = move |State(deps): State<Deps>,
                             view: View,
                             user: User,
                             caller: Caller,
                             ids: Ids,
                             form: Form| async move {
                post(&action, &deps, &view, &user, caller, ids, form).await
            };
            routes.post(path, access, post)
        })
    }
    /// The call that the document names `name`.
    pub fn call(&self, name: &str) -> Option<Call> {
        let action = self.list.iter().find(|action| action.operation.is_called(name))?;
        action.operation.call().cloned()
    }

    fn offered(&self, view: &View, page: &P, name: &str) -> Option<&Action<P>> {
        let action = self.list.iter().find(|action| action.name() == name)?;
        action.is_offered(view, page).then_some(action)
    }
    /// The button of an action that asks for nothing.
    pub fn press(&self, view: &View, page: &P, refused: &Posted, name: &str) -> Markup {
        let Some(action) = self.offered(view, page, name) else { return html! {} };
        let form = action.form(view, page, refused);
        html! {
            form method="post" action=(action.address(page)) {
                ((action.inputs)(view.lang).draw(form.fields(view.lang)))
                button.btn2 type="submit" { (view.lang.t(action.button)) }
            }
        }
    }
    /// The same as what is to be done next.
    pub fn next(
        &self,
        view: &View,
        page: &P,
        refused: &Posted,
        (name, sign): (&str, &'static str),
    ) -> Markup {
        let Some(action) = self.offered(view, page, name) else { return html! {} };
        let form = action.form(view, page, refused);
        html! {
            form method="post" action=(action.address(page)) {
                ((action.inputs)(view.lang).draw(form.fields(view.lang)))
                button.btn type="submit" { (icon(sign)) (view.lang.t(action.button)) }
            }
        }
    }
    /// An action that asks for something, folded away until it is wanted or was refused.
    pub fn ask(&self, view: &View, page: &P, refused: &Posted, name: &str) -> Markup {
        self.ask_without(view, page, refused, name, "")
    }
    /// The same without the field `left_out`.
    pub fn ask_without(&self, view: &View, page: &P, refused: &Posted, name: &str, left_out: &str) -> Markup {
        let Some(action) = self.offered(view, page, name) else { return html! {} };
        let (form, scope) = (action.form(view, page, refused), format!("{name}-"));
        let inputs = (action.inputs)(view.lang).without(left_out);
        html! {
            details.action open[refused.action == name] {
                summary { (view.lang.t(action.label)) }
                form.stack method="post" action=(action.address(page)) {
                    (inputs.draw(form.fields(view.lang).scope(&scope)))
                    div { button.btn2 type="submit" { (view.lang.t(action.button)) } }
                }
            }
        }
    }
}

/// Carries out what a page posted. A refusal draws the page again with what was typed.
async fn post<P: Page>(
    action: &Action<P>,
    deps: &Deps,
    view: &View,
    user: &User,
    Caller(cx): Caller,
    Path(ids): Ids,
    form: Form,
) -> PageResult {
    let first = ids.first().map(|(_, id)| Value::from(id.as_str()));
    let id: P::Id = first.and_then(|id| serde_json::from_value(id).ok()).ok_or(CommandError::NotFound)?;
    let name =
        ids.iter().fold(action.name().to_owned(), |name, (key, id)| name.replace(&format!("{{{key}}}"), id));
    let inputs = (action.inputs)(view.lang).in_currency(P::currency(deps, id).await?);
    let form = P::settle(deps, view, form, &inputs.chosen()).await?;
    let ids = ids.into_iter().map(|(_, id)| id).collect();
    let done = match inputs.value(&form, view) {
        Ok(mut body) => {
            if let Some(name) = action.names_it {
                body[name] = Value::from(id.to_string());
            }
            let call = action.operation.call().ok_or(CommandError::NotFound)?;
            call.by_form(deps, form.context(cx), ids, &body).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(answer) => {
            let to = (action.leads_to)(&answer).unwrap_or_else(|| P::address(id) + action.anchor);
            Ok(see_other(&to))
        }
        Err(error) => again::<P>(deps, view, user, id, (name, form), inputs.named(error)).await,
    }
}

/// The page again, with the form that was refused.
pub async fn again<P: Page>(
    deps: &Deps,
    view: &View,
    user: &User,
    id: P::Id,
    (action, form): (String, Form),
    error: CommandError,
) -> PageResult {
    let page = P::load(deps, view, user, id).await?;
    form.again(error, |form| page.draw(view, &Posted { action, form: form.clone() }))
}
