@rotation
Feature: Keys follow each other, and nobody notices except the thief

  A company replaces the keys of its issuer and of its clients by itself, on a schedule, and at once when
  it is asked to. The next key is published first, and signs when the partner says that it holds it. What
  the key before signed stays good until it expires. A stolen key is out in the same moment.

  Scenario: Both companies replace their keys under load, and no request fails
    When both companies replace the keys of their issuers 3 times while clients call all the time
    Then no request has failed

  @soak
  Scenario: Fifty times in a row
    When both companies replace the keys of their issuers 50 times while clients call all the time
    Then no request has failed

  Scenario Outline: A token outlives the key that signed it (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When the operator of company <caller> runs "keys rotate --wait 90"
    Then the command ends with 0
    And company <caller> signs with another key than before
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: A client's own key pair is replaced (<caller> → <callee>)
    When the operator of company <caller> runs "keys rotate --client <client> --wait 30"
    Then the command ends with 0
    When the operator of company <caller> calls "<request>" at its partner as client <client> from the command line
    Then company <callee> answers 200

    Examples:
      | caller | callee | client           | request        |
      | A      | B      | order-service    | GET /shipments |
      | B      | A      | shipment-service | GET /orders    |

  @restart
  Scenario Outline: A company that is killed in the middle of a rotation ends it after the restart (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    And company <callee> is stopped
    When the operator of company <caller> runs "keys rotate"
    Then company <caller> has a prepared key within 5 seconds
    And company <caller> signs with the same key as before
    When company <caller> is killed
    And company <caller> starts again
    And company <callee> starts again
    Then company <caller> signs with another key than before within 60 seconds
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: A stolen key is replaced and withdrawn at once (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When the operator of company <caller> revokes the key of that token
    Then the command ends with 0
    And company <caller> does not publish that key within 1 second
    And company <callee> answers "<request>" with 401 within 1 seconds
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |
