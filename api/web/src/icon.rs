//! Icons, drawn inline.

use maud::{Markup, PreEscaped};

macro_rules! icons {
    ($($name:literal => $icon:ident),* $(,)?) => {
        /// The icon called `name`; nothing for an unknown name. Decorative: the text beside it carries the meaning.
        pub fn icon(name: &str) -> Markup {
            let data = match name { $($name => icondata_lu::$icon.data,)* _ => "" };
            PreEscaped(format!(
                r#"<svg class="i" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{data}</svg>"#
            ))
        }
    };
}

icons! {
    "alert" => LuTriangleAlert, "back" => LuChevronLeft, "bell" => LuBell, "board" => LuCalendarRange, "boxes" => LuBoxes,
    "check" => LuCircleCheck, "clock" => LuClock, "contract" => LuFileText, "file" => LuReceipt, "gauge" => LuGauge,
    "list" => LuListChecks, "moon" => LuMoon, "package" => LuPackage, "pen" => LuPenTool, "phone" => LuPhone,
    "pin" => LuMapPin, "play" => LuPlay, "plug" => LuPlug, "plus" => LuPlus, "radio" => LuRadio, "route" => LuRoute,
    "search" => LuSearch, "shield" => LuShieldCheck, "sliders" => LuSlidersHorizontal, "stop" => LuSquare,
    "ticket" => LuTicket, "trend" => LuTrendingUp, "users" => LuUsers, "wrench" => LuWrench, "zap" => LuZap,
    "download" => LuDownload, "print" => LuPrinter, "out" => LuLogOut, "inbox" => LuInbox,
    "menu" => LuMenu, "settings" => LuSettings, "user" => LuCircleUser, "key" => LuKeyRound,
}
