//! Reasons in words: the translation key of each.

use domain::reason::{Reason, Refusal};

/// What to change, as people are told at the field.
pub fn of(reason: Reason) -> &'static str {
    match reason {
        Reason::Required => "form-required",
        Reason::TooLong => "form-too-long",
        Reason::TooMany => "form-too-many",
        Reason::TooLarge => "form-amount-too-large",
        Reason::UnknownChoice => "form-choice",
        Reason::NotANumber => "form-number",
        Reason::AmbiguousNumber => "form-number-two-ways",
        Reason::NotAWholeNumber => "form-whole",
        Reason::InvalidAmount => "form-money",
        Reason::InvalidDate => "form-date",
        Reason::InvalidTime => "form-date-time",
        Reason::CustomerRequired => "accounts-customer-missing",
        Reason::CustomerNotAllowed => "accounts-customer-only",
        Reason::UnknownCustomer => "accounts-customer-unknown",
        Reason::AccountsEmailInvalid => "accounts-email-invalid",
        Reason::EmailTaken => "accounts-email-taken",
        Reason::PasswordDiffers => "accounts-password-differs",
        Reason::PasswordIsEmail => "accounts-password-email",
        Reason::PasswordTooShort => "accounts-password-short",
        Reason::WrongPassword => "accounts-password-wrong",
        Reason::TechnicianRequired => "accounts-technician-missing",
        Reason::TechnicianNotAllowed => "accounts-technician-only",
        Reason::AccountsTechnicianUnknown => "accounts-technician-unknown",
        Reason::NotInTheFuture => "alerts-error-until",
        Reason::AssetsCustomerFixed => "assets-customer-fixed",
        Reason::SerialNumberTaken => "assets-serial-taken",
        Reason::AssetsServiceEndsBefore => "assets-service-ends-before",
        Reason::BeforeTheInvoice => "billing-error-before-invoice",
        Reason::ChooseWorkOrders => "billing-error-choose",
        Reason::QuantityOrAmount => "billing-error-credit-extent",
        Reason::UnknownLine => "billing-error-credit-line",
        Reason::MoreThanIsLeft => "billing-error-credit-too-much",
        Reason::QuantityOrAmountRequired => "billing-error-credit-value",
        Reason::BillingFuture => "billing-error-future",
        Reason::MoreThanIsOpen => "billing-error-overpaid",
        Reason::BillingPositive => "billing-error-positive",
        Reason::MoreThanIsDueBack => "billing-error-refund-too-much",
        Reason::NothingToReopen => "billing-error-reopen",
        Reason::AssetOrNew => "connect-asset-or-new",
        Reason::AssetOfAnotherCustomer => "contracts-error-assets",
        Reason::ContractsCurrency => "contracts-error-currency",
        Reason::ContractsCustomer => "contracts-error-customer",
        Reason::ContractsEnd => "contracts-error-end",
        Reason::ContractsHours => "contracts-error-hours",
        Reason::ContractsIncluded => "contracts-error-included",
        Reason::PeriodsInvoiced => "contracts-error-invoiced",
        Reason::Negative => "contracts-error-negative",
        Reason::ContractsNumber => "contracts-error-number",
        Reason::ContractsShare => "contracts-error-share",
        Reason::UnknownCountry => "party-country-unknown",
        Reason::InvalidIban => "party-iban-wrong",
        Reason::InvalidBic => "party-bic-wrong",
        Reason::InvalidScheme => "party-scheme-wrong",
        Reason::CustomersCurrencyUnknown => "customers-currency-unknown",
        Reason::CustomersEmailWrong => "customers-email-wrong",
        Reason::DispatchMinutesRange => "dispatch-minutes-range",
        Reason::DispatchNoTechnician => "dispatch-no-technician",
        Reason::DispatchStartRange => "dispatch-start-range",
        Reason::InvalidMetrics => "models-metrics-wrong",
        Reason::ModelsNameTaken => "models-name-taken",
        Reason::ProfilesNameTaken => "profiles-name-taken",
        Reason::ProfilesMaxDevices => "profiles-max-devices-wrong",
        Reason::NotClaimable => "devices-not-claimable",
        Reason::NotForThisAction => "devices-not-for-this-action",
        Reason::InvalidTopicPattern => "profiles-topic-wrong",
        Reason::InvalidPointer => "profiles-pointer-wrong",
        Reason::InvalidRange => "profiles-range-wrong",
        Reason::InvalidRollover => "profiles-rollover-wrong",
        Reason::RoutesNeedJson => "profiles-routes-need-json",
        Reason::StatesRequired => "profiles-states-required",
        Reason::PlaceRequired => "parts-choose-place",
        Reason::PartsNoSuchPart => "parts-no-such-part",
        Reason::PartsNumberTaken => "parts-number-taken",
        Reason::PartsOneCurrency => "parts-one-currency",
        Reason::InvalidQuantity => "parts-quantity",
        Reason::SamePlace => "parts-two-places",
        Reason::RulesAfter => "rules-error-after",
        Reason::BaselineTooShort => "rules-error-baseline",
        Reason::ClearLevelOnWrongSide => "rules-error-clear",
        Reason::InvalidCodes => "rules-error-codes",
        Reason::RulesCount => "rules-error-count",
        Reason::RulesMean => "rules-error-mean",
        Reason::InvalidMetric => "rules-error-metric",
        Reason::InvalidName => "rules-error-name",
        Reason::RulesDowntime => "rules-error-downtime",
        Reason::RulesHistorical => "rules-error-historical",
        Reason::RulesNumber => "rules-error-number",
        Reason::InvalidPeriod => "rules-error-period",
        Reason::RulesPositive => "rules-error-positive",
        Reason::RulesSpan => "rules-error-span",
        Reason::WithinRequired => "rules-error-within",
        Reason::ServiceAtFuture => "service-at-future",
        Reason::BeforeTheLastReport => "service-at-order",
        Reason::ServiceAtTooOld => "service-at-too-old",
        Reason::UnknownAsset => "service-no-asset",
        Reason::CurrencyFixed => "settings-currency-bound",
        Reason::SettingsCurrencyInvalid => "settings-currency-invalid",
        Reason::SettingsPaymentTermsInvalid => "settings-payment-terms-invalid",
        Reason::SettingsStepInvalid => "settings-step-invalid",
        Reason::SettingsTaxRateInvalid => "settings-tax-rate-invalid",
        Reason::TimeZoneFixed => "settings-zone-bound",
        Reason::SitesCustomerFixed => "sites-customer-fixed",
        Reason::InvalidLatitude => "sites-latitude-wrong",
        Reason::InvalidLongitude => "sites-longitude-wrong",
        Reason::SitesNameTaken => "sites-name-taken",
        Reason::TerritoriesNameTaken => "territories-name-taken",
        Reason::UnknownTimeZone => "sites-zone-unknown",
        Reason::UnknownTicket => "tickets-no-such-number",
        Reason::WorkOrdersAtTooOld => "work-orders-at-too-old",
        Reason::WorkOrdersMinutesRange => "work-orders-minutes-range",
        Reason::WorkOrdersOurCurrency => "work-orders-our-currency",
        Reason::WorkOrdersPartByCatalogue => "work-orders-part-by-catalogue",
        Reason::WorkOrdersPartCurrency => "work-orders-part-currency",
        Reason::QuantityOfAPart => "work-orders-part-quantity",
        Reason::FromCatalogue => "work-orders-part-catalogue",
        Reason::OnlyOfAPart => "work-orders-part-only",
        Reason::WorkOrdersPriceNegative => "work-orders-price-negative",
        Reason::InvalidImage => "work-orders-signature-image",
        Reason::NoChoice => "choices-none",
        Reason::SeveralChoices => "choices-several",
    }
}

/// Why a command was not carried out.
pub fn of_refusal(refusal: Refusal) -> String {
    format!("error-{}", refusal.code())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;
    use strum::IntoEnumIterator;

    #[test]
    fn every_refusal_is_put_into_words() {
        for refusal in Refusal::iter() {
            let key = of_refusal(refusal);
            assert_ne!(Lang::En.t(&key), key, "{refusal:?} has no sentence");
        }
    }
}
