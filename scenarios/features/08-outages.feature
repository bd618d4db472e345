@outages
Feature: Neither company needs the other one to start, to get tokens or to serve

  There is no order in which the companies must start, and nothing in the middle that must be up. A
  company whose partner is away goes on with everything that does not need the partner itself.

  @restart
  Scenario Outline: A company starts and gets tokens while its partner is down (<first> first, then <second>)
    Given both companies are stopped
    When company <first> starts
    Then company <first> serves
    And nobody answers at company <second>
    When client tester of company <first> asks its issuer for a token for company <second> with scope "<scope>"
    Then the issuer of company <first> gives a token
    When company <second> starts
    And it calls "<request>" at company <second>
    Then company <second> answers 200

    Examples:
      | first | second | scope          | request        |
      | A     | B      | shipments:read | GET /shipments |
      | B     | A      | orders:read    | GET /orders    |

  Scenario Outline: Tokens work while the partner's issuer cannot be reached (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    Given company <callee> cannot reach the issuer of company <caller>
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    And company <callee> has not even tried to reach the issuer of company <caller>

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  @restart
  Scenario Outline: Keys that cannot be had are an outage and no refusal (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    And company <callee> cannot reach the issuer of company <caller>
    When company <callee> is stopped
    And company <callee> starts again
    Then company <callee> serves
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with 503 "keys_unavailable"
    And the answer says when to try again
    When company <callee> can reach the issuer of company <caller> again
    Then company <callee> answers "<request>" with 200 within 5 seconds

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  @business @restart
  Scenario: An order that is placed while company B is down arrives when it is up, once (A → B)
    Given company B is stopped
    When the shop of company A places an order for 1 of "TEA-0042", to be carried by company B
    Then company A answers 201
    When company B starts again
    Then within 20 seconds the order is "handed_over" at company A
    And company B has exactly one shipment for the order

  @business @restart
  Scenario: What is reported while company A is down arrives when it is up, in order and once (B → A)
    Given an order that company B carries
    And company A is stopped
    When the depot of company B reports "picked_up"
    And the depot of company B reports "delivered"
    And company A starts again
    Then within 20 seconds the order is "delivered" at company A
    And company A has been told "accepted, picked_up, delivered" about the order, each once

  @business @restart
  Scenario: An order survives that company A is killed right after it was placed (A → B)
    When the shop of company A places an order for 1 of "TEA-0042", to be carried by company B
    And company A is killed
    And company A starts again
    Then within 20 seconds the order is "handed_over" at company A
    And company B has exactly one shipment for the order

  @business @restart
  Scenario: A report survives that company B is killed right after it was made (B → A)
    Given an order that company B carries
    When the depot of company B reports "picked_up"
    And company B is killed
    And company B starts again
    Then within 20 seconds the order is "in_transit" at company A
    And company A has been told "accepted, picked_up" about the order, each once
