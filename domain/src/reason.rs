//! Why something was refused, as values. A face puts them into words; a program gets the code, which never changes.

use strum::{EnumIter, IntoStaticStr};

/// What is wrong with one field of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    Required,
    TooLong,
    TooMany,
    TooLarge,
    UnknownChoice,
    #[strum(serialize = "unknown_choice")]
    NoChoice,
    #[strum(serialize = "unknown_choice")]
    SeveralChoices,
    NotANumber,
    AmbiguousNumber,
    NotAWholeNumber,
    InvalidAmount,
    InvalidDate,
    InvalidTime,
    CustomerRequired,
    CustomerNotAllowed,
    UnknownCustomer,
    #[strum(serialize = "invalid_email")]
    AccountsEmailInvalid,
    EmailTaken,
    PasswordDiffers,
    PasswordIsEmail,
    PasswordTooShort,
    WrongPassword,
    TechnicianRequired,
    TechnicianNotAllowed,
    #[strum(serialize = "unknown_technician")]
    AccountsTechnicianUnknown,
    NotInTheFuture,
    #[strum(serialize = "customer_fixed")]
    AssetsCustomerFixed,
    SerialNumberTaken,
    #[strum(serialize = "ends_before_it_begins")]
    AssetsServiceEndsBefore,
    BeforeTheInvoice,
    ChooseWorkOrders,
    QuantityOrAmount,
    UnknownLine,
    MoreThanIsLeft,
    QuantityOrAmountRequired,
    #[strum(serialize = "in_the_future")]
    BillingFuture,
    MoreThanIsOpen,
    #[strum(serialize = "not_positive")]
    BillingPositive,
    MoreThanIsDueBack,
    NothingToReopen,
    AssetOrNew,
    AssetOfAnotherCustomer,
    #[strum(serialize = "two_currencies")]
    ContractsCurrency,
    #[strum(serialize = "customer_fixed")]
    ContractsCustomer,
    #[strum(serialize = "ends_before_it_begins")]
    ContractsEnd,
    #[strum(serialize = "out_of_range")]
    ContractsHours,
    #[strum(serialize = "out_of_range")]
    ContractsIncluded,
    PeriodsInvoiced,
    Negative,
    #[strum(serialize = "number_taken")]
    ContractsNumber,
    #[strum(serialize = "not_a_share")]
    ContractsShare,
    UnknownCountry,
    InvalidIban,
    InvalidBic,
    InvalidScheme,
    #[strum(serialize = "unknown_currency")]
    CustomersCurrencyUnknown,
    #[strum(serialize = "invalid_email")]
    CustomersEmailWrong,
    #[strum(serialize = "out_of_range")]
    DispatchMinutesRange,
    #[strum(serialize = "unknown_technician")]
    DispatchNoTechnician,
    #[strum(serialize = "out_of_range")]
    DispatchStartRange,
    InvalidMetrics,
    #[strum(serialize = "name_taken")]
    ModelsNameTaken,
    #[strum(serialize = "name_taken")]
    ProfilesNameTaken,
    #[strum(serialize = "out_of_range")]
    ProfilesMaxDevices,
    NotClaimable,
    InvalidTopicPattern,
    NotForThisAction,
    InvalidPointer,
    InvalidRange,
    InvalidRollover,
    RoutesNeedJson,
    StatesRequired,
    PlaceRequired,
    #[strum(serialize = "unknown_part")]
    PartsNoSuchPart,
    #[strum(serialize = "number_taken")]
    PartsNumberTaken,
    #[strum(serialize = "two_currencies")]
    PartsOneCurrency,
    InvalidQuantity,
    SamePlace,
    #[strum(serialize = "too_short")]
    RulesAfter,
    BaselineTooShort,
    ClearLevelOnWrongSide,
    InvalidCodes,
    #[strum(serialize = "out_of_range")]
    RulesCount,
    #[strum(serialize = "too_short")]
    RulesMean,
    InvalidMetric,
    InvalidName,
    #[strum(serialize = "out_of_range")]
    RulesDowntime,
    #[strum(serialize = "out_of_range")]
    RulesHistorical,
    #[strum(serialize = "not_a_number")]
    RulesNumber,
    InvalidPeriod,
    #[strum(serialize = "not_positive")]
    RulesPositive,
    #[strum(serialize = "out_of_range")]
    RulesSpan,
    WithinRequired,
    #[strum(serialize = "in_the_future")]
    ServiceAtFuture,
    BeforeTheLastReport,
    #[strum(serialize = "too_old")]
    ServiceAtTooOld,
    UnknownAsset,
    CurrencyFixed,
    #[strum(serialize = "unknown_currency")]
    SettingsCurrencyInvalid,
    #[strum(serialize = "out_of_range")]
    SettingsPaymentTermsInvalid,
    #[strum(serialize = "out_of_range")]
    SettingsStepInvalid,
    #[strum(serialize = "not_a_share")]
    SettingsTaxRateInvalid,
    TimeZoneFixed,
    #[strum(serialize = "customer_fixed")]
    SitesCustomerFixed,
    InvalidLatitude,
    InvalidLongitude,
    #[strum(serialize = "name_taken")]
    SitesNameTaken,
    #[strum(serialize = "name_taken")]
    TerritoriesNameTaken,
    UnknownTimeZone,
    UnknownTicket,
    #[strum(serialize = "too_old")]
    WorkOrdersAtTooOld,
    #[strum(serialize = "out_of_range")]
    WorkOrdersMinutesRange,
    #[strum(serialize = "foreign_currency")]
    WorkOrdersOurCurrency,
    #[strum(serialize = "unknown_part")]
    WorkOrdersPartByCatalogue,
    #[strum(serialize = "foreign_currency")]
    WorkOrdersPartCurrency,
    QuantityOfAPart,
    FromCatalogue,
    OnlyOfAPart,
    #[strum(serialize = "invalid_amount")]
    WorkOrdersPriceNegative,
    InvalidImage,
}

impl Reason {
    /// Its stable word. What is wrong in the same way in two fields has one word.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// The rule of the business that said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Refusal {
    AlreadyInvoiced,
    DuplicateOfDuplicate,
    #[strum(serialize = "first-run-done")]
    FirstRunDone,
    InsufficientStock,
    InvoicedWork,
    #[strum(serialize = "last-administrator")]
    LastAdministrator,
    LineInAnotherCurrency,
    NegativeLine,
    NoOrganisation,
    NoPeriodDue,
    #[strum(serialize = "not-replayable")]
    NotReplayable,
    NotSetUp,
    NothingLeftToCredit,
    NothingToCorrect,
    NothingToInvoice,
    #[strum(serialize = "profile-in-use")]
    ProfileInUse,
    #[strum(serialize = "rule-built-in-kind")]
    RuleBuiltInKind,
    #[strum(serialize = "rule-limit")]
    RuleLimit,
    #[strum(serialize = "rule-no-backtest")]
    RuleNoBacktest,
    SeveralCustomers,
    #[strum(serialize = "sign-in")]
    SignIn,
    TechnicianBooked,
    #[strum(serialize = "token-shown-once")]
    TokenShownOnce,
    #[strum(serialize = "too-many")]
    TooMany,
    WorkOnADraft,
    WorkOrderNotApproved,
    WorkOrderOpen,
    #[strum(serialize = "demo-busy")]
    DemoBusy,
    ChecklistOpen,
    VerdictMissing,
    SignatureMissing,
}

impl Refusal {
    /// Its stable word.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use strum::IntoEnumIterator;

    #[test]
    fn every_refusal_has_a_word_of_its_own() {
        let words: BTreeSet<_> = Refusal::iter().map(Refusal::code).collect();
        assert_eq!(words.len(), Refusal::iter().count());
    }

    #[test]
    fn words_of_fields_are_for_programs() {
        for reason in Reason::iter() {
            assert!(reason.code().chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{reason:?}");
        }
    }
}
