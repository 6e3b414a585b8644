//! The one set of migrations, in order. Each word's tables stand beside its repository; a migration that has landed
//! is never edited, only followed.

use super::{
    accounts, api_tokens, assets, command_keys, connections, contracts, customers, devices, leases, models,
    organisation, outbox, quarantine, sessions, sites, territories, warranties,
};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

pub(super) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(command_keys::Migration),
            Box::new(outbox::Migration),
            Box::new(accounts::Migration),
            Box::new(sessions::Migration),
            Box::new(api_tokens::Migration),
            Box::new(organisation::Migration),
            Box::new(leases::Migration),
            Box::new(territories::Migration),
            Box::new(customers::Migration),
            Box::new(sites::Migration),
            Box::new(models::Migration),
            Box::new(assets::Migration),
            Box::new(devices::Migration),
            Box::new(contracts::Migration),
            Box::new(warranties::Migration),
            Box::new(connections::Migration),
            Box::new(quarantine::Migration),
        ]
    }
}
