@business
Feature: An order at the retailer becomes a shipment at the carrier, and its way is reported back

  Company A sells, company B carries. An order placed at A is handed over to B, which reads from A what is
  in it, and reports to A what happens on the way. Each call crosses the border with a token of the
  caller's own issuer.

  Scenario: Company A hands an order over to company B (A → B)
    When the shop of company A places an order for 2 of "TEA-0042", to be carried by company B
    Then company A answers 201
    And within 10 seconds the order is "handed_over" at company A
    And company B has exactly one shipment for the order
    And the calls of company A to company B carried tokens of company A

  Scenario: Company B reads what is in the order, and reports its way to company A (B → A)
    When the shop of company A places an order for 3 of "MUG-0001", to be carried by company B
    Then within 10 seconds the order is "handed_over" at company A
    And company B has exactly one shipment for the order
    And within 10 seconds the shipment is "accepted" at company B
    And the shipment has the address and the lines of the order
    When the depot of company B reports "picked_up"
    And the depot of company B reports "in_transit"
    And the depot of company B reports "delivered"
    Then within 10 seconds the order is "delivered" at company A
    And company A has been told "accepted, picked_up, in_transit, delivered" about the order, each once
    And the calls of company B to company A carried tokens of company B

  Scenario: The whole business works while neither company can reach the other's issuer (A ⇄ B)
    Given company A cannot reach the issuer of company B
    And company B cannot reach the issuer of company A
    And an order that company B carries
    When the depot of company B reports "picked_up"
    And the depot of company B reports "delivered"
    Then within 10 seconds the order is "delivered" at company A
    And company A has not even tried to reach the issuer of company B
    And company B has not even tried to reach the issuer of company A
