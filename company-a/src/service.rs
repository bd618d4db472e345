use crate::exchange;
use crate::model::{NewOrder, NewTrackingEvent, Order, TrackingEvent};
use crate::repository;
use bridge_business::{Failure, ItemId, Mismatch, Page, PageRequest, Viewer, already_done, created, not_found};
use bridge_company::{Context, Partners};
use bridge_store::{Database, Receipt, StoredAnswer, WriteTransaction};
use bridge_types::OwnIssuer;
use bridge_validator::{Principal, Problem};

/// What the retailer does. One method for each route; authorization was decided before.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    issuer: OwnIssuer,
    database: Database,
    partners: Partners,
}

impl Service {
    pub(crate) fn new(context: &Context) -> Self {
        Self { issuer: context.issuer.clone(), database: context.database.clone(), partners: context.partners.clone() }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Places an order and, in the same write, sends its carrier the job.
    pub(crate) async fn place(&self, write: &mut WriteTransaction, new: NewOrder) -> Result<StoredAnswer, Failure> {
        let Some(carrier_issuer) = self.partners.issuer(new.carrier.as_str()) else {
            let mismatch = Mismatch::new("the name of a partner that this company calls", &new.carrier);
            return Err(Problem::validation_failed(vec![mismatch.at("/carrier".to_owned())]).into());
        };
        let order = Order::place(new, &carrier_issuer, write.now());
        repository::insert_order(write.connection(), &order).await?;
        exchange::announce(write, &order).await?;
        created(format!("/orders/{}", order.id), &order)
    }

    /// An order that concerns the caller.
    pub(crate) async fn order(&self, id: ItemId, caller: Principal<'_>) -> Result<Order, Failure> {
        let mut connection = self.database.read().await?;
        let found = repository::find_order(&mut connection, id, self.view(caller)).await?;
        found.ok_or_else(|| not_found().into())
    }

    /// The orders that concern the caller, newest first.
    pub(crate) async fn orders(&self, page: PageRequest, caller: Principal<'_>) -> Result<Page<Order>, Failure> {
        let mut connection = self.database.read().await?;
        let rows = repository::list_orders(&mut connection, page, self.view(caller)).await?;
        Ok(Page::of(rows, page, |order| order.id))
    }

    /// Keeps a report and moves the order on. A report that was kept before changes nothing.
    pub(crate) async fn track(
        &self,
        write: &mut WriteTransaction,
        id: ItemId,
        new: NewTrackingEvent,
        caller: Principal<'_>,
    ) -> Result<StoredAnswer, Failure> {
        let found = repository::find_order(write.connection(), id, self.view(caller)).await?;
        let mut order = found.ok_or_else(not_found)?;
        let location = format!("/orders/{id}/tracking-events");
        let source = format!("{} order {id}", caller.issuer);
        if write.receive(&source, new.event_id.as_str()).await? == Receipt::Repeated {
            let event_id = new.event_id.as_str();
            let kept = repository::find_report(write.connection(), id, caller.issuer.as_str(), event_id).await?;
            return already_done(location, &kept.ok_or_else(not_found)?);
        }
        let event = TrackingEvent::receive(new, caller, write.now());
        order.status = order.status.after(event.kind).map_err(Problem::from)?;
        order.updated_at = event.received_at;
        repository::update_order(write.connection(), &order).await?;
        repository::insert_event(write.connection(), id, &event).await?;
        created(location, &event)
    }

    /// What was reported about an order that concerns the caller, in the order in which it came.
    pub(crate) async fn events(
        &self,
        id: ItemId,
        page: PageRequest,
        caller: Principal<'_>,
    ) -> Result<Page<TrackingEvent>, Failure> {
        let mut connection = self.database.read().await?;
        repository::find_order(&mut connection, id, self.view(caller)).await?.ok_or_else(not_found)?;
        let rows = repository::list_events(&mut connection, id, page).await?;
        Ok(Page::of(rows, page, |event| event.id))
    }

    fn view<'a>(&self, caller: Principal<'a>) -> Viewer<'a> {
        Viewer::of(caller, &self.issuer)
    }
}
