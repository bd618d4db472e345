use crate::{ItemId, Mismatch};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_validator::{FieldError, Problem};
use serde::Serialize;
use std::collections::HashSet;
use std::future::{Ready, ready};
use utoipa::ToSchema;

const DEFAULT_LIMIT: u32 = 20;
const LARGEST_LIMIT: u32 = 100;

/// Which part of a list is asked for: the query parameters `limit` and `cursor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    limit: u32,
    after: Option<ItemId>,
}

impl PageRequest {
    /// How many rows to read: one more than the page has, which tells whether there is another page.
    pub fn rows(&self) -> u32 {
        self.limit + 1
    }

    /// The last item of the page before.
    pub fn after(&self) -> Option<ItemId> {
        self.after
    }

    fn read(query: &str) -> Result<Self, Vec<FieldError>> {
        let (mut page, mut defects, mut seen) =
            (Self { limit: DEFAULT_LIMIT, after: None }, Vec::new(), HashSet::new());
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let read = match &*name {
                _ if !seen.insert(name.clone()) => Err(Mismatch::new("each parameter once", "a second one")),
                "limit" => limit(&value).map(|limit| page.limit = limit),
                "cursor" => cursor(&value).map(|after| page.after = Some(after)),
                _ => Err(Mismatch::new("no parameter but `limit` and `cursor`", &name)),
            };
            defects.extend(read.err().map(|mismatch| mismatch.at(format!("/{name}"))));
        }
        if defects.is_empty() { Ok(page) } else { Err(defects) }
    }
}

fn limit(text: &str) -> Result<u32, Mismatch> {
    let limit = text.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
    limit.ok_or_else(|| Mismatch::new(format!("an integer from 1 to {LARGEST_LIMIT}"), text))
}

fn cursor(text: &str) -> Result<ItemId, Mismatch> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(ItemId::from_bytes).ok_or_else(|| Mismatch::new("the next_cursor of an earlier answer", text))
}

impl FromRequest for PageRequest {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request.query_string()).map_err(Problem::validation_failed))
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Give this as `cursor` to read on; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The page, from as many rows as [`PageRequest::rows`] asks for.
    pub fn of(mut rows: Vec<T>, request: PageRequest, id: impl Fn(&T) -> ItemId) -> Self {
        let size = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more);
        let next_cursor = last.map(|item| URL_SAFE_NO_PAD.encode(id(item).bytes()));
        Self { items: rows, next_cursor }
    }

    /// The same page with each item in another form.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next_cursor: self.next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, PageRequest};
    use crate::ItemId;

    #[test]
    fn a_cursor_leads_to_the_rows_after_it_until_the_last_page() {
        let mut ids: Vec<ItemId> = (0..5).map(|_| ItemId::new()).collect();
        ids.sort();
        let (mut query, mut seen) = ("limit=2".to_owned(), Vec::new());
        loop {
            let request = PageRequest::read(&query).unwrap();
            let rows = ids.iter().filter(|id| request.after().is_none_or(|after| **id > after));
            let page = Page::of(rows.copied().take(request.rows() as usize).collect(), request, |id| *id);
            assert!(page.items.len() <= 2);
            seen.extend(page.items);
            match page.next_cursor {
                Some(cursor) => query = format!("limit=2&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, ids);
    }

    #[test]
    fn tells_every_wrong_parameter() {
        let cases = [
            ("limit=0", "/limit"),
            ("limit=101", "/limit"),
            ("limit=-1", "/limit"),
            ("limit=", "/limit"),
            ("limit=5&limit=5", "/limit"),
            ("cursor=", "/cursor"),
            ("cursor=AAAA", "/cursor"),
            ("cursor=not%20base64", "/cursor"),
            ("offset=3", "/offset"),
        ];
        for (query, pointer) in cases {
            let defects = PageRequest::read(query).unwrap_err();
            assert_eq!((defects.len(), &*defects[0].pointer), (1, pointer), "{query}");
        }
        assert_eq!(PageRequest::read("limit=0&cursor=&x=").unwrap_err().len(), 3);
        assert_eq!(PageRequest::read("").unwrap().rows(), 21);
    }
}
