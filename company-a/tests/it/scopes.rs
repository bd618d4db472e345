use crate::company;

#[actix_web::test]
async fn each_route_demands_exactly_the_scope_that_the_document_says() {
    company().await.assert_routes_demand_their_scopes(5).await;
}

#[actix_web::test]
async fn the_document_is_open_and_names_the_flow_and_every_scope() {
    company().await.assert_description_is_complete().await;
}
