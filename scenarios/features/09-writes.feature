@writes
Feature: A write that is sent twice is done once

  Networks lose answers, so clients send again. The key that a client gives its write names it; a write of
  the same key is not done again but answered as before. And an order makes one shipment, under whatever
  key it is asked for.

  Scenario: Company A's client asks for the shipment of an order again and again (A → B)
    Given an order that company B carries
    And client tester of company A holds a token for company B with scope "shipments:write"
    When it sends "POST /shipments" to company B with the key "once" and this body
      """
      {"order_reference": "{order}", "delivery_address": {address}}
      """
    Then company B answers 200
    When it sends "POST /shipments" to company B with the key "once" and this body
      """
      {"order_reference": "{order}", "delivery_address": {address}}
      """
    Then company B answers 200
    And the answer says that this was done before
    And it is the same answer as before
    When it sends "POST /shipments" to company B with the key "another" and this body
      """
      {"order_reference": "{order}", "delivery_address": {address}}
      """
    Then company B answers 200
    And it is the same answer as before
    And company B has exactly one shipment for the order

  Scenario: Company B's client reports the same event again and again (B → A)
    Given an order that company B carries
    And client tester of company B holds a token for company A with scope "tracking:write"
    When it sends "POST /orders/{order}/tracking-events" to company A with the key "once" and this body
      """
      {"event_id": "tester-1", "kind": "picked_up", "occurred_at": "2026-01-01T12:00:00Z"}
      """
    Then company A answers 201
    When it sends "POST /orders/{order}/tracking-events" to company A with the key "once" and this body
      """
      {"event_id": "tester-1", "kind": "picked_up", "occurred_at": "2026-01-01T12:00:00Z"}
      """
    Then company A answers 201
    And the answer says that this was done before
    And it is the same answer as before
    When it sends "POST /orders/{order}/tracking-events" to company A with the key "another" and this body
      """
      {"event_id": "tester-1", "kind": "picked_up", "occurred_at": "2026-01-01T12:00:00Z"}
      """
    Then company A answers 200
    And it is the same answer as before
    And company A has been told "accepted, picked_up" about the order, each once

  Scenario Outline: A write needs a key, and a key names one write (<caller> → <callee>)
    Given an order that company B carries
    And client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it sends "<request>" to company <callee> without a key and with this body
      """
      <body>
      """
    Then company <callee> rejects the request with 400 "idempotency_key_missing"
    When it sends "<request>" to company <callee> with the key "<key>" and this body
      """
      <body>
      """
    And it sends "<request>" to company <callee> with the key "<key>" and this body
      """
      <other body>
      """
    Then company <callee> rejects the request with 422 "idempotency_key_reused"

    Examples:
      | caller | callee | scope           | request                              | key    | body                                                                       | other body                                                              |
      | A      | B      | shipments:write | POST /shipments                      | reuse  | {"order_reference": "{order}", "delivery_address": {address}}              | {"order_reference": "another", "delivery_address": {address}}           |
      | B      | A      | tracking:write  | POST /orders/{order}/tracking-events | reuse  | {"event_id": "e", "kind": "accepted", "occurred_at": "2026-01-01T12:00:00Z"} | {"event_id": "f", "kind": "failed", "occurred_at": "2026-01-01T12:00:00Z"} |

  Scenario Outline: A body that is wrong is refused with every defect (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it sends "<request>" to company <callee> with the key "wrong" and this body
      """
      <body>
      """
    Then company <callee> rejects the request with 422 "validation_failed"

    Examples:
      | caller | callee | scope           | request                             | body                                                        |
      | A      | B      | shipments:write | POST /shipments                     | {"order_reference": "not a reference", "delivery_address": {}} |
      | B      | A      | tracking:write  | POST /orders/01890a5d-ac96-774b-bcce-b302099a8057/tracking-events | {"event_id": "", "kind": "vanished", "occurred_at": "yesterday"} |
