//! Conditions for the next page of a list: it starts behind the last row shown, so a page costs the same however deep it
//! lies. Without a place they hold for every row.

use sea_orm::{
    ColumnTrait, Condition,
    prelude::Uuid,
    sea_query::{Expr, ExprTrait, Value},
};

/// Rows behind `place` of a list that descends by `key` and then by id.
pub(in crate::records) fn before<C: ColumnTrait>(key: C, id: C, place: Option<(i64, Uuid)>) -> Condition {
    place.map_or_else(Condition::all, |(last, last_id)| {
        Condition::all().add(pair(key, id).lt(values(last, last_id)))
    })
}

fn pair<C: ColumnTrait>(key: C, id: C) -> Expr {
    Expr::tuple([Expr::col(key.as_column_ref()), Expr::col(id.as_column_ref())])
}

fn values(key: impl Into<Value>, id: Uuid) -> Expr {
    Expr::tuple([Expr::val(key), Expr::val(id)])
}
