//! Who may do what, written down: a wider access is a changed line of `docs/access.md`.

use domain::people::account::Role;
use std::{collections::BTreeMap, fs};
use web::routes::{Access, Endpoint};

const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/access.md");

const HEAD: &str = "# Who may do what\n\n\
    Every operation of the product with the roles that may ask for it: one letter a role, in the order below. Which rows \
    they see and change is narrower: a customer's, or a technician's own work ([architecture](architecture.md)). \
    `UPDATE_ACCESS=1 cargo test -p api access` writes this page anew.\n\n";

/// Letters in the order of the roles; a dot where the role is refused.
fn letters(access: Access) -> String {
    match access {
        Access::Public => "everybody".into(),
        Access::SignedIn => Role::ALL.map(letter).iter().collect(),
        Access::Roles(roles) => {
            Role::ALL.map(|role| if roles.contains(&role) { letter(role) } else { '.' }).iter().collect()
        }
    }
}

fn letter(role: Role) -> char {
    match role {
        Role::Admin => 'A',
        Role::ServiceManager => 'M',
        Role::Dispatcher => 'D',
        Role::Agent => 'G',
        Role::Technician => 'T',
        Role::Warehouse => 'W',
        Role::Billing => 'B',
        Role::Integration => 'I',
        Role::Customer => 'C',
    }
}

fn page(endpoints: &[Endpoint]) -> String {
    let mut text = HEAD.to_owned();
    for role in Role::ALL {
        text.push_str(&format!("- `{}` {role}\n", letter(role)));
    }
    text.push_str("\n| operation | roles |\n| --- | --- |\n");
    let rows: BTreeMap<_, _> = endpoints
        .iter()
        .map(|endpoint| ((endpoint.path, endpoint.method.as_str()), letters(endpoint.access)))
        .collect();
    for ((path, method), letters) in rows {
        text.push_str(&format!("| `{method} {path}` | `{letters}` |\n"));
    }
    text
}

#[test]
fn the_access_of_every_operation_is_as_it_is_written_down() {
    let now = page(crate::routes().endpoints());
    if std::env::var_os("UPDATE_ACCESS").is_some() {
        fs::write(KEPT, &now).expect("written");
    }
    let kept = fs::read_to_string(KEPT).unwrap_or_default();
    for (now, kept) in now.lines().zip(kept.lines()) {
        assert_eq!(now, kept, "docs/access.md; see its head");
    }
    assert_eq!(now.lines().count(), kept.lines().count(), "docs/access.md; see its head");
}
