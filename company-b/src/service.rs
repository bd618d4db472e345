use crate::exchange;
use crate::model::{Event, NewEvent, NewShipment, Shipment};
use crate::repository;
use bridge_business::{Failure, ItemId, Page, PageRequest, Viewer, already_done, created, not_found};
use bridge_company::{Context, Partners};
use bridge_store::{Database, StoredAnswer, WriteTransaction};
use bridge_types::OwnIssuer;
use bridge_validator::{Principal, Problem};

/// What the carrier does. One method for each route; authorization was decided before.
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

    /// Creates a shipment and, in the same write, sends for what is in it. An order makes one shipment, however often and
    /// under whatever key it is asked for.
    pub(crate) async fn create(
        &self,
        write: &mut WriteTransaction,
        new: NewShipment,
        caller: Principal<'_>,
    ) -> Result<StoredAnswer, Failure> {
        if self.partners.of(caller.issuer.as_str()).is_none() {
            return Err(Problem::conflict("this company has nowhere to read the orders of the caller").into());
        }
        let issuer = caller.issuer.as_str();
        let kept = repository::find_by_reference(write.connection(), issuer, &new.order_reference).await?;
        if let Some(shipment) = kept {
            return again(&shipment, &new);
        }
        let shipment = Shipment::create(new, caller, write.now());
        repository::insert_shipment(write.connection(), &shipment).await?;
        exchange::send_for_order(write, &shipment).await?;
        created(location(shipment.id), &shipment)
    }

    /// A shipment that concerns the caller.
    pub(crate) async fn shipment(&self, id: ItemId, caller: Principal<'_>) -> Result<Shipment, Failure> {
        let mut connection = self.database.read().await?;
        let found = repository::find_shipment(&mut connection, id, self.view(caller)).await?;
        found.ok_or_else(|| not_found().into())
    }

    /// The shipments that concern the caller, newest first.
    pub(crate) async fn shipments(&self, page: PageRequest, caller: Principal<'_>) -> Result<Page<Shipment>, Failure> {
        let mut connection = self.database.read().await?;
        let rows = repository::list_shipments(&mut connection, page, self.view(caller)).await?;
        Ok(Page::of(rows, page, |shipment| shipment.id))
    }

    /// Keeps an event, moves the shipment on and, in the same write, sends the customer the news.
    pub(crate) async fn record(
        &self,
        write: &mut WriteTransaction,
        id: ItemId,
        new: NewEvent,
        caller: Principal<'_>,
    ) -> Result<StoredAnswer, Failure> {
        let found = repository::find_shipment(write.connection(), id, self.view(caller)).await?;
        let event = apply(write, found.ok_or_else(not_found)?, new).await?;
        created(format!("{}/events", location(id)), &event)
    }

    /// What happened to a shipment that concerns the caller, in order.
    pub(crate) async fn events(
        &self,
        id: ItemId,
        page: PageRequest,
        caller: Principal<'_>,
    ) -> Result<Page<Event>, Failure> {
        let mut connection = self.database.read().await?;
        repository::find_shipment(&mut connection, id, self.view(caller)).await?.ok_or_else(not_found)?;
        let rows = repository::list_events(&mut connection, id, page).await?;
        Ok(Page::of(rows, page, |event| event.id))
    }

    fn view<'a>(&self, caller: Principal<'a>) -> Viewer<'a> {
        Viewer::of(caller, &self.issuer)
    }
}

/// Lets something happen to a shipment: its status, the event, and the news for its customer, in one write.
pub(crate) async fn apply(
    write: &mut WriteTransaction,
    mut shipment: Shipment,
    new: NewEvent,
) -> Result<Event, Failure> {
    let event = Event::happen(new, write.now());
    shipment.status = shipment.status.after(event.kind).map_err(Problem::from)?;
    shipment.updated_at = event.occurred_at;
    repository::update_shipment(write.connection(), &shipment).await?;
    repository::insert_event(write.connection(), shipment.id, &event).await?;
    exchange::report(write, &shipment, &event).await?;
    Ok(event)
}

/// The answer when an order already has a shipment.
fn again(kept: &Shipment, new: &NewShipment) -> Result<StoredAnswer, Failure> {
    if kept.delivery_address != new.delivery_address {
        return Err(Problem::conflict("the order has a shipment that goes to another address").into());
    }
    already_done(location(kept.id), kept)
}

fn location(id: ItemId) -> String {
    format!("/shipments/{id}")
}
